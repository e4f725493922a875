//! Cutting a stream of bytes into frames: the seam, lines, and frames of bytes of a given shape.

use crate::model::time::Span;

/// Finds the frames in a stream that comes in arbitrary pieces, with noise between.
///
/// Must be bounded in memory and must find the next good frame after any noise.
pub trait Cut: Send {
    /// The frames that these bytes complete. A frame that is damaged is given out too, so that it can be counted.
    fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>>;

    /// The line was cut: what was begun will not go on.
    fn forget(&mut self);

    /// Whether a frame has begun and not ended.
    fn is_pending(&self) -> bool;

    /// What to write before the greeting, and how long the receiver is deaf after it: one that must be reset first.
    fn wake(&self) -> Option<(Vec<u8>, Span)> {
        None
    }

    /// What to write when the port opens: a receiver that must be asked to begin.
    fn greeting(&self) -> Vec<u8> {
        Vec::new()
    }

    /// What to write after this frame: a bridge that repeats itself until it is acknowledged.
    fn answer(&self, _frame: &[u8]) -> Vec<u8> {
        Vec::new()
    }
}

/// Longest line that is kept; longer ones are given out cut off, one byte beyond, so that they can be refused.
pub const LINE_BYTES_MAX: usize = 4096;

/// Lines that end in LF, CR or both; empty lines are no frames.
#[derive(Debug, Default)]
pub struct Lines {
    begun: Vec<u8>,
}

impl Cut for Lines {
    fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        let mut lines = Vec::new();
        for &byte in bytes {
            if matches!(byte, b'\n' | b'\r') {
                if !self.begun.is_empty() {
                    lines.push(std::mem::take(&mut self.begun));
                }
            } else if self.begun.len() <= LINE_BYTES_MAX {
                self.begun.push(byte);
            }
        }
        lines
    }

    fn forget(&mut self) {
        self.begun.clear();
    }

    fn is_pending(&self) -> bool {
        !self.begun.is_empty()
    }
}

/// How the frames of a family look.
pub trait Shape: Send {
    /// What `rest` begins with. Must cost no more than a look at one longest frame, and must stop waiting at that length.
    fn look(&self, rest: &[u8]) -> Look;

    /// Whether a check sum proves a whole frame: then what only looks like a beginning does not hold back a whole frame
    /// behind it.
    fn is_proven(&self) -> bool {
        false
    }

    /// Whether what has begun here gives way to a whole frame behind its first byte.
    fn gives_way(&self, _begun: &[u8]) -> bool {
        self.is_proven()
    }

    /// See [`Cut::answer`].
    fn answer(&self, _frame: &[u8]) -> Vec<u8> {
        Vec::new()
    }
}

/// What bytes begin with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Look {
    /// No frame.
    Noise,
    /// The beginning of a frame; more bytes will tell.
    Begun,
    /// A whole frame of so many bytes.
    Whole(usize),
    /// A frame of so many bytes that is not as it should be.
    Damaged(usize),
}

/// Finds the frames of one shape in a stream.
#[derive(Debug, Default)]
pub struct Frames<S> {
    shape: S,
    begun: Vec<u8>,
    /// Bytes since the last frame that belong to none.
    noise: Vec<u8>,
}

impl<S: Shape> Frames<S> {
    /// Nothing has come yet.
    pub fn new(shape: S) -> Frames<S> {
        Frames { shape, begun: Vec::new(), noise: Vec::new() }
    }

    fn skip(&mut self, from: usize, to: usize, frames: &mut Vec<Vec<u8>>) {
        for &byte in self.begun.get(from..to).unwrap_or_default() {
            self.noise.push(byte);
            if self.noise.len() >= NOISE_BYTES {
                frames.push(std::mem::take(&mut self.noise));
            }
        }
    }

    /// Where behind `at` a whole frame begins.
    fn whole_behind(&self, at: usize) -> Option<usize> {
        let is_whole =
            |at: &usize| matches!(self.begun.get(*at..).map(|rest| self.shape.look(rest)), Some(Look::Whole(_)));
        (at + 1..self.begun.len()).find(is_whole)
    }
}

impl<S: Shape> Cut for Frames<S> {
    fn push(&mut self, bytes: &[u8]) -> Vec<Vec<u8>> {
        self.begun.extend_from_slice(bytes);
        let mut frames = Vec::new();
        let mut at = 0;
        while let Some(rest) = self.begun.get(at..).filter(|rest| !rest.is_empty()) {
            let part = |length: usize| rest.get(..length).unwrap_or(rest).to_vec();
            match self.shape.look(rest) {
                Look::Noise => {
                    self.skip(at, at + 1, &mut frames);
                    at += 1;
                }
                Look::Whole(length) => {
                    frames.push(part(length));
                    self.noise.clear();
                    at += length.max(1);
                }
                // Given out to be counted; a good frame may hide in its bytes, so the search goes on behind its first.
                Look::Damaged(length) => {
                    frames.push(part(length));
                    at += 1;
                }
                Look::Begun => match self.shape.gives_way(rest).then(|| self.whole_behind(at)).flatten() {
                    Some(whole) => {
                        self.skip(at, whole, &mut frames);
                        at = whole;
                    }
                    None => break,
                },
            }
        }
        self.begun.drain(..at.min(self.begun.len()));
        frames
    }

    fn forget(&mut self) {
        self.begun.clear();
        self.noise.clear();
    }

    fn is_pending(&self) -> bool {
        !self.begun.is_empty()
    }

    fn answer(&self, frame: &[u8]) -> Vec<u8> {
        self.shape.answer(frame)
    }
}

/// So many bytes without a frame are given out to be counted: a port at a wrong speed is not quiet, it is wrong.
const NOISE_BYTES: usize = 64;

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What every cutter must do with `good`, a stream of one whole frame: whatever its pieces, behind noise, twice in one
    /// read, and after a megabyte of frames that never end.
    pub fn holds_for(new: impl Fn() -> Box<dyn Cut>, good: &[u8]) {
        let whole = vec![good.to_vec()];
        for at in 0..=good.len() {
            let mut cut = new();
            let mut found = cut.push(&good[..at]);
            found.extend(cut.push(&good[at..]));
            assert_eq!(found, whole, "cut at {at}");
            assert!(!cut.is_pending());
        }
        assert_eq!(new().push(&[good, good].concat()), [good, good], "two in one read");
        let mut cut = new();
        let behind: Vec<Vec<u8>> = good.iter().chain(good).flat_map(|byte| cut.push(&[*byte])).collect();
        assert_eq!(behind, [good, good], "byte by byte");
        assert!(new().push(&[b"\x00\x01 noise\n", good].concat()).ends_with(&whole), "behind noise");
        let mut cut = new();
        let begun = &good[..good.len() / 2];
        let mut rest = 1_000_000;
        while rest > 0 {
            cut.push(&begun.repeat(1000 / begun.len()));
            rest -= 1000_usize.min(rest);
        }
        let found: Vec<Vec<u8>> = (0..100).flat_map(|_| cut.push(good)).collect();
        assert!(found.iter().filter(|frame| *frame == good).count() > 20, "after a megabyte without an end");
    }

    #[test]
    fn lines_end_in_any_way_and_empty_ones_are_none() {
        let mut lines = Lines::default();
        assert_eq!(lines.push(b"one\r\n\r\ntwo\rthr"), [b"one".to_vec(), b"two".to_vec()]);
        assert!(lines.is_pending());
        assert_eq!(lines.push(b"ee\n"), [b"three".to_vec()]);
    }

    #[test]
    fn an_endless_line_takes_no_more_memory_and_the_next_line_is_whole() {
        let mut lines = Lines::default();
        for _ in 0..1000 {
            assert!(lines.push(&[b'x'; 1000]).is_empty());
        }
        let found = lines.push(b"\nPIR ON\n");
        assert_eq!(found.iter().map(Vec::len).collect::<Vec<_>>(), [LINE_BYTES_MAX + 1, 6]);
    }
}
