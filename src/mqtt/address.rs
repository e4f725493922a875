//! Where a broker is: `mqtt://host[:1883]` or `mqtts://host[:8883]`.
//!
//! Never holds a user or a password: an address is printed, mailed and logged.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::str::FromStr;

/// The address of a broker.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Broker {
    /// Name or address of its machine; an IPv6 address without its brackets.
    pub host: String,
    /// Its TCP port.
    pub port: u16,
    /// Whether the link is encrypted.
    pub tls: bool,
}

/// Why a text is no address of a broker.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct BadBroker(String);

impl Broker {
    /// Host and port as people write them.
    pub fn host_and_port(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Broker {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.tls { "mqtts" } else { "mqtt" }, self.host_and_port())
    }
}

impl FromStr for Broker {
    type Err = BadBroker;

    fn from_str(text: &str) -> Result<Broker, BadBroker> {
        let bad = |why: &str| Err(BadBroker(why.to_owned()));
        let (tls, rest) = match text.split_once("://") {
            Some(("mqtt", rest)) => (false, rest),
            Some(("mqtts", rest)) => (true, rest),
            Some((other, _)) => {
                return bad(&format!("a broker's address begins with \"mqtt://\" or \"mqtts://\", not \"{other}://\""));
            }
            None => return bad(&format!("a broker's address looks like \"mqtt://{text}\"")),
        };
        if rest.contains('@') {
            // The text itself is not repeated: it may hold a password.
            return bad("user and password do not belong into the address; use the keys user and password_file");
        }
        let rest = rest.strip_suffix('/').unwrap_or(rest);
        if rest.contains(['/', '?', '#']) || rest.chars().any(char::is_whitespace) {
            return bad("a broker's address ends after host and port");
        }
        let (host, port) = host_and_port(rest)?;
        if host.is_empty() {
            return bad("a broker's address needs a host, as in \"mqtt://127.0.0.1:1883\"");
        }
        let port = match port {
            None => DEFAULT_PORTS[usize::from(tls)],
            Some(port) => match port.parse::<u16>() {
                Ok(port) if port > 0 => port,
                _ => return bad(&format!("\"{port}\" is no port; a port is a number from 1 to 65535")),
            },
        };
        Ok(Broker { host: host.to_owned(), port, tls })
    }
}

fn host_and_port(text: &str) -> Result<(&str, Option<&str>), BadBroker> {
    if let Some(inner) = text.strip_prefix('[') {
        let closed = inner.split_once(']').filter(|(host, _)| host.parse::<std::net::Ipv6Addr>().is_ok());
        return match closed {
            Some((host, "")) => Ok((host, None)),
            Some((host, port)) if port.starts_with(':') => Ok((host, Some(&port[1..]))),
            _ => Err(BadBroker("an IPv6 address looks like \"mqtt://[::1]:1883\"".to_owned())),
        };
    }
    match text.split_once(':') {
        Some((_, port)) if port.contains(':') => {
            Err(BadBroker(format!("an IPv6 address stands in brackets, as in \"mqtt://[{text}]\"")))
        }
        Some((host, port)) => Ok((host, Some(port))),
        None => Ok((text, None)),
    }
}

impl TryFrom<String> for Broker {
    type Error = BadBroker;
    fn try_from(text: String) -> Result<Broker, BadBroker> {
        text.parse()
    }
}

impl From<Broker> for String {
    fn from(broker: Broker) -> String {
        broker.to_string()
    }
}

/// Without and with TLS, as IANA registered them.
const DEFAULT_PORTS: [u16; 2] = [1883, 8883];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_read_as_it_is_written() {
        for (text, canonical) in [
            ("mqtt://127.0.0.1", "mqtt://127.0.0.1:1883"),
            ("mqtts://district.example/", "mqtts://district.example:8883"),
            ("mqtt://[::1]", "mqtt://[::1]:1883"),
            ("mqtts://[fe80::1]:1", "mqtts://[fe80::1]:1"),
        ] {
            let broker: Broker = text.parse().unwrap();
            assert_eq!(broker.to_string(), canonical);
            assert_eq!(canonical.parse::<Broker>().unwrap(), broker);
        }
    }

    #[test]
    fn a_bad_address_is_refused_with_what_to_write_instead() {
        for (text, words) in [
            ("localhost", "looks like \"mqtt://localhost\""),
            ("http://localhost", "not \"http://\""),
            ("mqtt://", "needs a host"),
            ("mqtt://h:0", "is no port"),
            ("mqtt://h:70000", "is no port"),
            ("mqtt://::1", "in brackets"),
            ("mqtt://[::1", "looks like"),
            ("mqtt://h/topic", "ends after host and port"),
        ] {
            let error = text.parse::<Broker>().unwrap_err().to_string();
            assert!(error.contains(words), "{text}: {error}");
        }
    }

    #[test]
    fn a_password_in_an_address_is_refused_and_not_repeated() {
        let error = "mqtt://me:secret@host".parse::<Broker>().unwrap_err().to_string();
        assert!(error.contains("password_file") && !error.contains("secret"), "{error}");
    }
}
