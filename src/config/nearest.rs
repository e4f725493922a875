//! The known name that a mistyped one was probably meant to be.

/// The nearest of `known` to `typed`, if one is near enough to be worth a question.
pub(super) fn nearest<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    // A third of the letters; a word of two letters is near to nothing.
    let limit = typed.chars().count() / 3;
    known
        .into_iter()
        .map(|name| (distance(&typed.to_lowercase(), &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= limit.max(name.chars().count() / 4))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `did you mean "bathroom"?`, where one is near.
pub(super) fn near<'a>(typed: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    nearest(typed, known).map(|near| format!("did you mean \"{near}\"?"))
}

/// `did you mean "bathroom"?`, or the whole list where it is short and nothing is near.
pub(crate) fn question<'a>(typed: &str, known: impl IntoIterator<Item = &'a str> + Clone) -> Option<String> {
    if let Some(near) = near(typed, known.clone()) {
        return Some(near);
    }
    let names: Vec<&str> = known.into_iter().collect();
    (1..=LIST_MAX).contains(&names.len()).then(|| format!("known: {}", names.join(", ")))
}

/// How many letters must be put in, taken out, replaced or swapped with their neighbour.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    let mut before: Vec<usize> = Vec::new();
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut next = vec![i];
        for j in 1..=b.len() {
            let replaced = row[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            let mut least = replaced.min(row[j] + 1).min(next[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                least = least.min(before[j - 2] + 1);
            }
            next.push(least);
        }
        before = std::mem::replace(&mut row, next);
    }
    row[b.len()]
}

/// A longer list is no help.
const LIST_MAX: usize = 24;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn letters_left_out_put_in_replaced_or_swapped_count_once_each() {
        for (a, b, letters) in
            [("hall", "hall", 0), ("hal", "hall", 1), ("ahll", "hall", 1), ("", "abc", 3), ("卧房", "卧室", 1)]
        {
            assert_eq!(distance(a, b), letters, "{a:?} {b:?}");
        }
    }

    #[test]
    fn a_name_that_has_nothing_in_common_is_not_proposed() {
        assert_eq!(nearest("bathrom", ["bedroom", "bathroom"]), Some("bathroom"));
        assert_eq!(nearest("kitchen", ["bedroom", "bathroom"]), None);
        assert_eq!(nearest("x", ["bedroom"]), None);
    }
}
