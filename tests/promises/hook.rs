//! A program at an address that takes what is posted to it, and remembers it.
#![allow(clippy::unwrap_used)] // a helper that cannot help ends its test

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;

/// It runs until the test ends.
#[derive(Clone)]
pub struct Hook {
    /// Where it is.
    pub url: String,
    /// It answers that it is out of order.
    pub fails: Arc<AtomicBool>,
    told: Arc<Mutex<Vec<String>>>,
}

impl Hook {
    /// Listens on a port of its own.
    pub fn start() -> Hook {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/", listener.local_addr().unwrap());
        let hook = Hook { url, fails: Arc::default(), told: Arc::default() };
        let server = hook.clone();
        thread::spawn(move || listener.incoming().flatten().for_each(|stream| server.serve(stream)));
        hook
    }

    fn serve(&self, mut stream: TcpStream) {
        let mut reader = BufReader::new(stream.try_clone().unwrap());
        let (mut line, mut length) = (String::new(), 0);
        while reader.read_line(&mut line).is_ok_and(|read| read > 2) {
            if let Some(value) = line.to_lowercase().strip_prefix("content-length:") {
                length = value.trim().parse().unwrap();
            }
            line.clear();
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).ok();
        let fails = self.fails.load(Ordering::SeqCst);
        // Whoever only tries the way asks for nothing.
        if !fails && length > 0 {
            self.told.lock().unwrap().push(String::from_utf8_lossy(&body).into_owned());
        }
        let answer = if fails { "503 Service Unavailable" } else { "204 No Content" };
        write!(stream, "HTTP/1.1 {answer}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n").ok();
    }

    /// How often it was told something.
    pub fn times_told(&self) -> usize {
        self.told.lock().unwrap().len()
    }

    /// Whether it was told something that holds this word.
    pub fn was_told(&self, word: &str) -> bool {
        self.told.lock().unwrap().iter().any(|body| body.contains(word))
    }
}
