//! Another system: asks with a token, reads the stream, and an administrator who gives it one.

use crate::station::bench::Bench;
use serde_json::Value;
use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A program of somebody else's; without a token, a page of the supervisor's.
pub struct Program {
    address: SocketAddr,
    token: Option<String>,
    cookie: String,
    agent: ureq::Agent,
}

impl Program {
    pub fn at(bench: &Bench, token: Option<String>) -> Program {
        let config = ureq::Agent::config_builder().http_status_as_error(false);
        let agent = config.timeout_global(Some(Duration::from_secs(40))).build().new_agent();
        let cookie = if token.is_none() { bench.cookie("wang") } else { String::new() };
        Program { address: bench.address(), token, cookie, agent }
    }

    fn bearer(&self) -> String {
        self.token.as_ref().map(|token| format!("Bearer {token}")).unwrap_or_default()
    }

    pub fn get(&self, path: &str) -> (u16, String) {
        let request = self.agent.get(format!("http://{}{path}", self.address));
        let request = match &self.token {
            Some(_) => request.header("authorization", self.bearer()),
            None => request.header("cookie", &self.cookie),
        };
        let mut answer = request.call().unwrap();
        (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
    }

    /// Asks so many times in one breath, so that how busy this machine is does not slow the asking; the statuses.
    pub fn burst(&self, path: &str, times: usize) -> Vec<u16> {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(40))).unwrap();
        let head = format!("GET {path} HTTP/1.1\r\nhost: {}\r\nauthorization: {}\r\n", self.address, self.bearer());
        let asked = format!("{head}\r\n").repeat(times - 1) + &head + "connection: close\r\n\r\n";
        stream.write_all(asked.as_bytes()).unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).unwrap();
        answers.split("HTTP/1.1 ").skip(1).map(|answer| answer[..3].parse().unwrap()).collect()
    }

    pub fn step(&self, alert: &str, body: &Value) -> (u16, Value) {
        self.send(&format!("{alert}/steps"), body)
    }

    /// Sends a body as a program does.
    pub fn send(&self, path: &str, body: &Value) -> (u16, Value) {
        let request = self.agent.post(format!("http://{}{path}", self.address));
        let request = request.header("content-type", "application/json").header("authorization", self.bearer());
        let mut answer = request.send(body.to_string()).unwrap();
        let text = answer.body_mut().read_to_string().unwrap();
        (answer.status().as_u16(), serde_json::from_str(&text).unwrap())
    }

    /// Events as lines.
    pub fn lines(&self, query: &str) -> Vec<Value> {
        let limit = if query.contains("limit=") { "" } else { "&limit=1000" };
        let (status, text) = self.get(&format!("/api/v1/events?{query}{limit}"));
        assert_eq!(status, 200, "{text}");
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
    }

    /// The stream until `last`, with the head of the answer.
    pub fn stream(&self, query: &str, last: &str) -> String {
        let mut stream = TcpStream::connect(self.address).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
        write!(
            stream,
            "GET /api/v1/events?{query} HTTP/1.1\r\nHost: {}\r\nCookie: {}\r\n\r\n",
            self.address, self.cookie
        )
        .unwrap();
        let mut text = String::new();
        for line in BufReader::new(stream).lines() {
            text += &(line.unwrap() + "\n");
            if text.contains(last) && text.ends_with("\n\n") {
                break;
            }
        }
        text
    }
}

/// What the supervisor gets or sends; sends where there are fields.
pub fn administer(bench: &Bench, path: &str, fields: &[(&str, &str)]) -> (u16, String) {
    let agent =
        ureq::Agent::config_builder().http_status_as_error(false).max_redirects(0).max_redirects_will_error(false);
    let agent = agent.timeout_global(Some(Duration::from_secs(20))).build().new_agent();
    let mut answer = if fields.is_empty() {
        agent.get(bench.url(path)).header("cookie", bench.cookie("wang")).call().unwrap()
    } else {
        let mut body = format!("token={}", bench.token_of("wang"));
        for (name, value) in fields {
            body += &format!("&{name}={}", value.bytes().map(|b| format!("%{b:02X}")).collect::<String>());
        }
        let request = agent.post(bench.url(path)).header("cookie", bench.cookie("wang"));
        request.header("content-type", "application/x-www-form-urlencoded").send(body).unwrap()
    };
    (answer.status().as_u16(), answer.body_mut().read_to_string().unwrap())
}

/// A token as the page shows it, once.
pub fn make_token(bench: &Bench, scopes: &[&str]) -> String {
    let key = fresh_key();
    let mut fields = vec![("key", key.as_str()), ("name", "platform"), ("days", "90")];
    fields.extend(scopes.iter().map(|scope| (*scope, "1")));
    let (status, page) = administer(bench, "/admin/tokens", &fields);
    assert_eq!(status, 200, "{page}");
    page.split("<code>").nth(1).unwrap().split('<').next().unwrap().to_owned()
}

pub fn fresh_key() -> String {
    static COUNT: AtomicU64 = AtomicU64::new(0);
    format!("form-{}", COUNT.fetch_add(1, Ordering::Relaxed))
}
