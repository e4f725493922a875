//! A way between home and broker that can be made bad: nothing goes through, a byte a second, or elsewhere.
#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Condvar, Mutex};
use std::thread;
use std::time::Duration;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mode {
    Pass,
    /// Takes connections and bytes, passes nothing on and ends nothing.
    Stall,
    /// A byte a second.
    Trickle,
}

#[derive(Clone)]
pub struct Proxy {
    pub port: u16,
    shared: Arc<Mutex<Shared>>,
    /// The mode is another one.
    changed: Arc<Condvar>,
}

struct Shared {
    mode: Mode,
    to: u16,
    open: Vec<TcpStream>,
}

impl Proxy {
    pub fn to(port: u16) -> Proxy {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let shared = Arc::new(Mutex::new(Shared { mode: Mode::Pass, to: port, open: Vec::new() }));
        let proxy = Proxy { port: listener.local_addr().unwrap().port(), shared, changed: Arc::default() };
        let for_thread = proxy.clone();
        thread::spawn(move || listener.incoming().for_each(|stream| for_thread.join(stream.unwrap())));
        proxy
    }

    pub fn set(&self, mode: Mode) {
        self.shared.lock().unwrap().mode = mode;
        self.changed.notify_all();
    }

    /// Leads elsewhere, and ends what was open.
    pub fn lead_to(&self, port: u16) {
        let mut shared = self.shared.lock().unwrap();
        shared.to = port;
        shared.open.drain(..).for_each(|stream| drop(stream.shutdown(Shutdown::Both)));
    }

    /// How much may go through now; waits for as long as nothing may.
    fn goes_through(&self, most: usize) -> usize {
        let shared = self.changed.wait_while(self.shared.lock().unwrap(), |shared| shared.mode == Mode::Stall).unwrap();
        if shared.mode == Mode::Pass {
            return most;
        }
        let is_slow = |shared: &mut Shared| shared.mode == Mode::Trickle;
        drop(self.changed.wait_timeout_while(shared, A_BYTE_EVERY, is_slow).unwrap());
        1
    }

    fn join(&self, near: TcpStream) {
        let to = self.shared.lock().unwrap().to;
        let Ok(far) = TcpStream::connect(("127.0.0.1", to)) else { return };
        let (near_too, far_too) = (near.try_clone().unwrap(), far.try_clone().unwrap());
        self.shared.lock().unwrap().open.extend([near.try_clone().unwrap(), far.try_clone().unwrap()]);
        let (up, down) = (self.clone(), self.clone());
        thread::spawn(move || up.pump(near, far_too));
        thread::spawn(move || down.pump(far, near_too));
    }

    /// Until either side ends.
    fn pump(&self, mut from: TcpStream, mut to: TcpStream) {
        from.set_read_timeout(Some(Duration::from_millis(20))).unwrap();
        to.set_nodelay(true).unwrap();
        let mut bytes = [0; 4096];
        loop {
            let at_once = self.goes_through(bytes.len());
            match from.read(&mut bytes[..at_once]) {
                Ok(read @ 1..) if to.write_all(&bytes[..read]).is_ok() => {}
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => {}
                Ok(_) | Err(_) => break,
            }
        }
        to.shutdown(Shutdown::Both).ok();
        from.shutdown(Shutdown::Both).ok();
    }
}

const A_BYTE_EVERY: Duration = Duration::from_secs(1);
