//! What a DC-09 receiver says, in pieces. The first byte chooses: bytes as they come, or bytes of which each is a frame with the
//! checksum and the length it should have, so that what stands behind them is reached; without a key, and with one. What is
//! understood is written and understood again.
#![no_main]

use carecircle::sinks::dc09::cipher::Key;
use carecircle::sinks::dc09::frame::{Frame, Frames};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|input: &[u8]| {
    let [choice, piece, bytes @ ..] = input else { return };
    let key = (choice & 2 != 0).then(|| Key::parse("0123456789abcdef").expect("sixteen characters"));
    let bytes = if choice & 1 == 0 { bytes.to_vec() } else { framed(bytes) };
    let mut frames = Frames::default();
    for piece in bytes.chunks(usize::from(*piece).max(1)) {
        for whole in frames.push(piece) {
            if let Ok(frame) = Frame::parse(&whole, key.as_ref()) {
                there_and_back(&frame, key.as_ref());
            }
        }
    }
});

fn there_and_back(frame: &Frame, key: Option<&Key>) {
    let _answer = frame.answer_to(frame);
    let mut frames = Frames::default();
    for written in frames.push(&frame.to_bytes(key)) {
        let _read = Frame::parse(&written, key);
    }
}

/// Each line of the input as a frame.
fn framed(bytes: &[u8]) -> Vec<u8> {
    let frame = |said: &[u8]| {
        let head = format!("\n{:04X}{:04X}", crc(said), said.len());
        [head.as_bytes(), said, b"\r"].concat()
    };
    bytes.split(|byte| *byte == b'\n').flat_map(frame).collect()
}

/// CRC-16/ARC, bit by bit.
fn crc(bytes: &[u8]) -> u16 {
    bytes.iter().fold(0, |crc, byte| {
        (0..8).fold(crc ^ u16::from(*byte), |crc, _| if crc & 1 == 1 { (crc >> 1) ^ 0xa001 } else { crc >> 1 })
    })
}
