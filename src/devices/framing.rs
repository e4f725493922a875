//! Cutting a stream of bytes into frames: the seam, and the simplest case, lines.

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

#[cfg(test)]
mod tests {
    use super::*;

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
