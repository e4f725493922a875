//! What a mosquitto says of connections it refused, read from its log topics: the station counts what never reached it.
//!
//! Its words differ between versions of mosquitto and OpenSSL, so what is not known is left out rather than guessed. What the
//! access list denies mosquitto tells at the level `debug` alone, which it never says on a topic: that is refused and not counted.

use std::collections::BTreeMap;

/// Where it says so: errors, and notices.
pub const TOPICS: [&str; 2] = ["$SYS/broker/log/E", "$SYS/broker/log/N"];

/// Why a connection was refused: a certificate that is not believed (another authority's, expired, not yet valid, taken back);
/// none at all; no TLS; anything else about TLS.
pub const WHYS: [&str; 4] = ["certificate", "no_certificate", "plaintext", "tls"];

/// Whether a message on this topic is a line of the log.
pub fn is_of_log(topic: &str) -> bool {
    TOPICS.contains(&topic)
}

/// Counts what a line tells of; from the first line on, whatever it tells, nought is a number.
pub fn count(counts: &mut BTreeMap<&'static str, u64>, line: &[u8]) {
    for why in WHYS {
        counts.entry(why).or_default();
    }
    let refused = std::str::from_utf8(line).ok().and_then(refused);
    if let Some(count) = refused.and_then(|why| counts.get_mut(why)) {
        *count += 1;
    }
}

/// `1795404670: OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed`
fn refused(line: &str) -> Option<&'static str> {
    let (_, said) = line.split_once(": ")?;
    // One connection may leave several lines; the first stands for it.
    let is_of_handshake = said.starts_with("OpenSSL Error[0]: ");
    let is_of_first_bytes = said.starts_with("Client connection from ") && said.contains(" failed: error:");
    if !is_of_handshake && !is_of_first_bytes {
        return None;
    }
    let reason = said.rsplit(':').next()?.trim_end_matches('.');
    Some(match reason {
        // Whoever knocks and goes away was not refused.
        "unexpected eof while reading" => return None,
        "certificate verify failed" => "certificate",
        "peer did not return a certificate" => "no_certificate",
        "wrong version number" | "http request" => "plaintext",
        _ => "tls",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_of_a_real_broker_are_counted_by_why_and_others_are_not() {
        let mut counts = BTreeMap::new();
        // mosquitto 2.0.11 with OpenSSL 3.0, then with 1.1.
        for line in [
            "1795404670: New connection from 127.0.0.1:53372 on port 18883.",
            "1795404670: OpenSSL Error[0]: error:0A000086:SSL routines::certificate verify failed",
            "1795404670: OpenSSL Error[1]: error:0A000086:SSL routines::certificate verify failed",
            "1795404670: Client <unknown> disconnected: Protocol error.",
            "1795404670: Client connection from 127.0.0.1 failed: error:0A00010B:SSL routines::wrong version number.",
            "1795405069: Client connection from 127.0.0.1 failed: error:0A00009C:SSL routines::http request.",
            "1795404670: OpenSSL Error[0]: error:0A0000C7:SSL routines::peer did not return a certificate",
            "1: OpenSSL Error[0]: error:1417C086:SSL routines:tls_process_client_certificate:certificate verify failed",
            "1: OpenSSL Error[0]: error:0A000102:SSL routines::unsupported protocol",
            // Whoever may come in chooses how the client is called.
            "1: New client connected from 127.0.0.1:1 as OpenSSL Error[0]: certificate verify failed (p2, c1, k60, u'ky-1').",
            "1: Client connection from 127.0.0.1 failed: error:0A000126:SSL routines::unexpected eof while reading.",
            "OpenSSL Error[0]",
        ] {
            count(&mut counts, line.as_bytes());
        }
        count(&mut counts, b"\xff");
        let counted = WHYS.map(|why| counts[why]);
        assert_eq!(counted, [2, 1, 2, 1], "{counts:?}");
    }
}
