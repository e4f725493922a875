//! A bare MQTT 3.1.1 client on a blocking socket: no queue, no task, no thread between the bytes and the stop-watch.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

/// A message and when it was read.
pub struct Message {
    pub topic: String,
    pub payload: Vec<u8>,
    pub at: Instant,
}

/// One connection.
pub struct Probe {
    stream: TcpStream,
    read: Vec<u8>,
    last_id: u16,
}

impl Probe {
    pub fn connect(port: u16, client_id: &str) -> Probe {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        let mut probe = Probe { stream, read: Vec::new(), last_id: 0 };
        // Protocol level 4, clean session, no keep-alive.
        let mut body = b"\x00\x04MQTT\x04\x02\x00\x00".to_vec();
        push_text(&mut body, client_id);
        probe.send(0x10, &body);
        probe.wait_for(2);
        probe
    }

    /// Subscribes at QoS 1 and returns when the broker has said yes.
    pub fn subscribe(&mut self, filter: &str) {
        let mut body = self.next_id().to_vec();
        push_text(&mut body, filter);
        body.push(1);
        self.send(0x82, &body);
        self.wait_for(9);
    }

    /// Publishes at QoS 1; the acknowledgement is read with the next message. Returns the instant before the first byte.
    pub fn publish(&mut self, topic: &str, payload: &[u8]) -> Instant {
        let mut body = Vec::with_capacity(payload.len() + 64);
        push_text(&mut body, topic);
        body.extend(self.next_id());
        body.extend(payload);
        let begin = Instant::now();
        self.send(0x32, &body);
        begin
    }

    /// Publishes at QoS 0, `times` times in one write.
    pub fn publish_often(&mut self, topic: &str, payload: &[u8], times: usize) {
        let mut body = Vec::new();
        push_text(&mut body, topic);
        body.extend(payload);
        let packet = packet(0x30, &body);
        self.stream.write_all(&packet.repeat(times)).unwrap();
    }

    /// The next message before `until`, acknowledged if it asks for that.
    pub fn next(&mut self, until: Instant) -> Option<Message> {
        loop {
            let (head, body) = self.next_packet(until)?;
            let at = Instant::now();
            if head >> 4 != 3 {
                continue;
            }
            let topic_ends = 2 + usize::from(u16::from_be_bytes([body[0], body[1]]));
            let topic = String::from_utf8_lossy(&body[2..topic_ends]).into_owned();
            let has_id = head & 0b110 != 0;
            if has_id {
                self.send(0x40, &body[topic_ends..topic_ends + 2]);
            }
            let payload = body[topic_ends + if has_id { 2 } else { 0 }..].to_vec();
            return Some(Message { topic, payload, at });
        }
    }

    fn wait_for(&mut self, kind: u8) {
        let until = Instant::now() + Duration::from_secs(10);
        while self.next_packet(until).expect("the broker answers").0 >> 4 != kind {}
    }

    fn next_packet(&mut self, until: Instant) -> Option<(u8, Vec<u8>)> {
        loop {
            if let Some(packet) = self.cut_packet() {
                return Some(packet);
            }
            let left = until.checked_duration_since(Instant::now())?;
            self.stream.set_read_timeout(Some(left.max(Duration::from_micros(1)))).unwrap();
            let mut bytes = [0; 16 * 1024];
            match self.stream.read(&mut bytes) {
                Ok(0) => panic!("the broker closed the connection"),
                Ok(n) => self.read.extend(&bytes[..n]),
                Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => return None,
                Err(error) => panic!("{error}"),
            }
        }
    }

    fn cut_packet(&mut self) -> Option<(u8, Vec<u8>)> {
        let (mut length, mut begins) = (0, 1);
        loop {
            let byte = *self.read.get(begins)?;
            length |= usize::from(byte & 0x7f) << (7 * (begins - 1));
            begins += 1;
            if byte & 0x80 == 0 {
                break;
            }
        }
        let body = self.read.get(begins..begins + length)?.to_vec();
        let head = self.read[0];
        self.read.drain(..begins + length);
        Some((head, body))
    }

    fn next_id(&mut self) -> [u8; 2] {
        self.last_id = self.last_id.checked_add(1).unwrap_or(1);
        self.last_id.to_be_bytes()
    }

    fn send(&mut self, head: u8, body: &[u8]) {
        self.stream.write_all(&packet(head, body)).unwrap();
    }
}

fn packet(head: u8, body: &[u8]) -> Vec<u8> {
    let mut bytes = vec![head];
    let mut length = body.len();
    loop {
        let more = length > 0x7f;
        bytes.push((length & 0x7f) as u8 | if more { 0x80 } else { 0 });
        length >>= 7;
        if !more {
            break;
        }
    }
    bytes.extend(body);
    bytes
}

fn push_text(bytes: &mut Vec<u8>, text: &str) {
    bytes.extend((text.len() as u16).to_be_bytes());
    bytes.extend(text.as_bytes());
}
