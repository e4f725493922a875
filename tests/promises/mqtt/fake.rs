//! A broker for the faults that a real one cannot be told to show: speaks just enough MQTT 3.1.1 over blocking sockets.
#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::io::{Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Good,
    NeverConnAck,
    NeverSubAck,
    NeverPubAck,
    SilentAfterSubAck,
    RefusesFilters,
    DropsAfterFirstPublish,
}

pub struct Fake {
    port: u16,
    shared: Arc<Mutex<Shared>>,
}

struct Shared {
    mode: Mode,
    connections: usize,
    published: Vec<Vec<u8>>,
}

impl Fake {
    pub fn start(mode: Mode) -> Fake {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let shared = Arc::new(Mutex::new(Shared { mode, connections: 0, published: Vec::new() }));
        let for_thread = shared.clone();
        thread::spawn(move || {
            for stream in listener.incoming() {
                let shared = for_thread.clone();
                shared.lock().unwrap().connections += 1;
                thread::spawn(move || serve(stream.unwrap(), &shared));
            }
        });
        Fake { port, shared }
    }

    pub fn url(&self) -> String {
        format!("mqtt://127.0.0.1:{}", self.port)
    }

    pub fn port(&self) -> u16 {
        self.port
    }

    pub fn set(&self, mode: Mode) {
        self.shared.lock().unwrap().mode = mode;
    }

    pub fn connections(&self) -> usize {
        self.shared.lock().unwrap().connections
    }

    pub fn published(&self) -> Vec<Vec<u8>> {
        self.shared.lock().unwrap().published.clone()
    }
}

/// One connection, until either side ends it.
fn serve(mut stream: TcpStream, shared: &Mutex<Shared>) -> Option<()> {
    let mut silent = false;
    loop {
        let (kind, body) = packet(&mut stream)?;
        let mode = shared.lock().unwrap().mode;
        let answer: Vec<u8> = match kind >> 4 {
            1 if mode != Mode::NeverConnAck => vec![0x20, 2, 0, 0],
            3 => {
                let topic_length = usize::from(u16::from_be_bytes([body[0], body[1]]));
                let id = &body[2 + topic_length..][..2];
                shared.lock().unwrap().published.push(body[4 + topic_length..].to_vec());
                if mode == Mode::DropsAfterFirstPublish {
                    return None;
                }
                if mode == Mode::NeverPubAck { Vec::new() } else { vec![0x40, 2, id[0], id[1]] }
            }
            8 if mode != Mode::NeverSubAck => {
                let code = if mode == Mode::RefusesFilters { 0x80 } else { 1 };
                let (mut at, mut codes) = (2, Vec::new());
                while at < body.len() {
                    at += 3 + usize::from(u16::from_be_bytes([body[at], body[at + 1]]));
                    codes.push(code);
                }
                [vec![0x90, 2 + codes.len() as u8, body[0], body[1]], codes].concat()
            }
            12 => vec![0xd0, 0],
            14 => return None,
            _ => Vec::new(),
        };
        if !silent {
            stream.write_all(&answer).ok()?;
        }
        silent |= mode == Mode::SilentAfterSubAck && kind >> 4 == 8;
    }
}

/// First byte and body of the next packet.
fn packet(stream: &mut TcpStream) -> Option<(u8, Vec<u8>)> {
    let mut byte = [0];
    stream.read_exact(&mut byte).ok()?;
    let kind = byte[0];
    let (mut length, mut shift) = (0_usize, 0);
    loop {
        stream.read_exact(&mut byte).ok()?;
        length |= usize::from(byte[0] & 0x7f) << shift;
        shift += 7;
        if byte[0] & 0x80 == 0 {
            break;
        }
    }
    let mut body = vec![0; length];
    stream.read_exact(&mut body).ok()?;
    Some((kind, body))
}
