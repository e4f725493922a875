//! A text in short: the same in every run and every version, so that it can stand in a file, and without a source of
//! randomness, so that it can spread things out and still be repeated.
//!
//! Never for secrets: whoever wants two texts with one fingerprint finds them.

/// FNV-1a over the parts, with a zero byte between them: `ab` + `c` is not `a` + `bc`.
pub fn of<'a>(parts: impl IntoIterator<Item = &'a [u8]>) -> u64 {
    parts.into_iter().enumerate().fold(OFFSET, |hash, (nth, part)| {
        let between: &[u8] = if nth == 0 { &[] } else { &[0] };
        between.iter().chain(part).fold(hash, |hash, byte| (hash ^ u64::from(*byte)).wrapping_mul(PRIME))
    })
}

const OFFSET: u64 = 0xcbf2_9ce4_8422_2325;
const PRIME: u64 = 0x0100_0000_01b3;

#[cfg(test)]
mod tests {
    use super::*;

    /// From the test suite that the authors of FNV published.
    #[test]
    fn it_is_fnv_1a_in_64_bits() {
        assert_eq!(of([b"".as_slice()]), 0xcbf2_9ce4_8422_2325);
        assert_eq!(of([b"a".as_slice()]), 0xaf63_dc4c_8601_ec8c);
        assert_eq!(of([b"foobar".as_slice()]), 0x8594_4171_f739_67e8);
    }

    #[test]
    fn where_a_part_ends_makes_a_difference() {
        let of = |parts: [&str; 2]| of(parts.map(str::as_bytes));
        assert_ne!(of(["ab", "c"]), of(["a", "bc"]));
        assert_eq!(of(["ab", "c"]), super::of([b"ab\0c".as_slice()]));
    }
}
