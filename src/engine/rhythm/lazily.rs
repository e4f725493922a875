//! What follows from the rest and is seldom asked for.

use std::sync::OnceLock;

/// Made when it is first asked for, always of the same: so it says nothing of its own, and is no part of what is compared.
#[derive(Debug, Clone)]
pub(super) struct Lazily<T>(OnceLock<T>);

impl<T> Lazily<T> {
    /// As it was made, or as `make` makes it now.
    pub(super) fn get(&self, make: impl FnOnce() -> T) -> &T {
        self.0.get_or_init(make)
    }
}

impl<T> Default for Lazily<T> {
    fn default() -> Lazily<T> {
        Lazily(OnceLock::new())
    }
}

impl<T> PartialEq for Lazily<T> {
    fn eq(&self, _: &Lazily<T>) -> bool {
        true
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_is_made_once_and_whether_it_was_made_makes_no_difference() {
        let (asked, unasked) = (Lazily::default(), Lazily::default());
        assert_eq!((asked.get(|| 7), asked.get(|| 8)), (&7, &7));
        assert_eq!(asked, unasked);
    }
}
