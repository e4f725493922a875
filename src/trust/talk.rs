//! One question to a station and its answer, over TLS 1.3: what a home asks before it has, or to renew, what it speaks with.

use crate::problem::Problem;
use crate::trust::bundle::{Bundle, Declined};
use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection, StreamOwned};
use std::io::{Read, Write};
use std::net::{TcpStream, ToSocketAddrs};
use std::sync::Arc;
use std::time::Duration;

/// Asks `station` (`host:port`) at `path`; a bundle is the only good answer.
pub fn ask(station: &str, config: ClientConfig, path: &str, body: &[u8]) -> Result<Bundle, Problem> {
    read(station, &post(station, config, path, body)?)
}

fn read(station: &str, answer: &[u8]) -> Result<Bundle, Problem> {
    let wrong = || {
        let deed = "is this the port for new homes ([authority] listen in station.toml)?";
        Problem::of(station, "what answered is no station").with_deed(deed)
    };
    let at = answer.windows(4).position(|four| four == b"\r\n\r\n").ok_or_else(wrong)?;
    let (head, body) = (&answer[..at], &answer[at + 4..]);
    if head.starts_with(b"HTTP/1.1 200 ") {
        return serde_json::from_slice(body).map_err(|_| wrong());
    }
    let declined: Declined = serde_json::from_slice(body).map_err(|_| wrong())?;
    Err(Problem::of(station, crate::text::shown(&declined.why, 300)))
}

/// One request, one answer, one connection.
fn post(station: &str, config: ClientConfig, path: &str, body: &[u8]) -> Result<Vec<u8>, Problem> {
    let wrong_address =
        || Problem::of(station, "this is no address with a port").with_deed("write it as station.example:8472");
    let (host, _) = station.rsplit_once(':').ok_or_else(wrong_address)?;
    let host = host.trim_matches(['[', ']']);
    let name = ServerName::try_from(host.to_owned()).map_err(|_| wrong_address())?;
    let stream = dial(station)?;
    let connection = ClientConnection::new(Arc::new(config), name).map_err(|error| Problem::new(error.to_string()))?;
    let mut stream = StreamOwned::new(connection, stream);
    let head = format!(
        "POST {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
        body.len()
    );
    let said = stream.write_all(head.as_bytes()).and_then(|()| stream.write_all(body)).and_then(|()| stream.flush());
    said.map_err(|error| not_spoken(station, &error))?;
    let mut answer = Vec::new();
    match stream.take(ANSWER_BYTES_MAX).read_to_end(&mut answer) {
        Ok(_) => Ok(answer),
        // Some servers end the connection without a goodbye; the answer is judged by itself.
        Err(error) if error.kind() == std::io::ErrorKind::UnexpectedEof && !answer.is_empty() => Ok(answer),
        Err(error) => Err(not_spoken(station, &error)),
    }
}

fn dial(station: &str) -> Result<TcpStream, Problem> {
    let unknown = |what: String| Problem::of(station, what).with_deed("correct the address, or ask at the station");
    let addresses =
        station.to_socket_addrs().map_err(|error| unknown(format!("no machine is found by this name ({error})")))?;
    let mut why = unknown("no machine is found by this name".to_owned());
    for address in addresses {
        match TcpStream::connect_timeout(&address, PATIENCE) {
            Ok(stream) => {
                let set =
                    stream.set_read_timeout(Some(PATIENCE)).and_then(|()| stream.set_write_timeout(Some(PATIENCE)));
                set.map_err(|error| unknown(error.to_string()))?;
                return Ok(stream);
            }
            Err(error) => {
                let deed =
                    "is the station running, with [authority] listen in its configuration, and its firewall open?";
                why = Problem::of(station, format!("nothing answers on this port ({error})")).with_deed(deed);
            }
        }
    }
    Err(why)
}

fn not_spoken(station: &str, error: &std::io::Error) -> Problem {
    let why = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match why {
        Some(rustls::Error::InvalidCertificate(rustls::CertificateError::UnknownIssuer)) => {
            let what = "this is not the station that made the code: the fingerprint of its authority is another one";
            Problem::of(station, what)
                .with_deed("type the code again; if it is right, do not go on, and call the station")
        }
        Some(rustls::Error::InvalidCertificate(
            rustls::CertificateError::NotValidForNameContext { .. } | rustls::CertificateError::NotValidForName,
        )) => {
            let what = "the station does not go by this name";
            Problem::of(station, what).with_deed("use one of [authority] names in its station.toml")
        }
        Some(other) => Problem::of(station, format!("no safe connection: {other}")),
        None => Problem::of(station, format!("the connection broke off ({error})"))
            .with_deed("try again: the code is still good"),
    }
}

const PATIENCE: Duration = Duration::from_secs(15);
const ANSWER_BYTES_MAX: u64 = 64 * 1024;
