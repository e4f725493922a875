//! Why a server could not be reached or did not take a message, in words for the person who has to put it right.
//!
//! Never more of an address than its host: the rest may be a key.

use crate::sinks::NotDelivered;
use std::io;

/// What kept an answer from coming; a station asks for our certificate and is vouched for by one authority alone.
#[allow(clippy::wildcard_enum_match_arm)] // the lists of ureq and of `io::ErrorKind` are open
pub(super) fn why(host: &str, to_station: bool, error: &ureq::Error) -> String {
    match error {
        ureq::Error::Timeout(_) => no_answer(host),
        ureq::Error::HostNotFound => no_such_name(host),
        ureq::Error::Rustls(error) => of_tls(host, to_station, error),
        ureq::Error::Tls(what) => format!("{host}: TLS failed: {what}"),
        ureq::Error::Io(error) => of_io(host, to_station, error),
        ureq::Error::ConnectionFailed => format!("{host}: no connection; check the address and the network"),
        ureq::Error::BodyExceedsLimit(_) | ureq::Error::LargeResponseHeader(..) => {
            format!("{host}: the answer is far too long; is this the right address?")
        }
        ureq::Error::Protocol(_) => format!("{host}: what came back is no HTTP; is this the right address?"),
        // Whatever it is, its words may hold the address.
        _ => format!("{host}: the message could not be sent; is this the right address?"),
    }
}

pub(super) fn no_answer(host: &str) -> String {
    format!("{host}: no answer within 10 s; does the network of this machine reach it?")
}

fn no_such_name(host: &str) -> String {
    format!("{host}: this name has no address; check the name, the network and its name server")
}

#[allow(clippy::wildcard_enum_match_arm)] // the list of `io::ErrorKind` is open
fn of_io(host: &str, to_station: bool, error: &io::Error) -> String {
    if let Some(error) = error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()) {
        return of_tls(host, to_station, error);
    }
    match error.kind() {
        io::ErrorKind::ConnectionRefused => {
            format!("{host}: the machine answers, but nothing listens on this port; check the address")
        }
        io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
            format!("{host}: no way leads there; check the cable, the router and the address")
        }
        io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => no_answer(host),
        io::ErrorKind::ConnectionReset
        | io::ErrorKind::ConnectionAborted
        | io::ErrorKind::BrokenPipe
        | io::ErrorKind::UnexpectedEof => format!("{host}: the connection was closed without an answer"),
        // What the resolver says has no kind of its own.
        _ if error.to_string().contains("lookup address") => no_such_name(host),
        _ => format!("{host}: no connection ({error})"),
    }
}

#[allow(clippy::wildcard_enum_match_arm)] // the list of alerts is long
fn of_alert(host: &str, alert: rustls::AlertDescription) -> String {
    use rustls::AlertDescription as Alert;
    let why = match alert {
        Alert::CertificateExpired => {
            "our certificate has expired or is not valid yet; renew it, or set the clock there"
        }
        // An authority of the same name and another key: the signature does not fit.
        Alert::UnknownCA | Alert::DecryptError => {
            "our certificate is signed by an authority it does not know; enroll the home there"
        }
        Alert::CertificateRevoked => "our certificate was revoked; enroll the home there",
        _ => return format!("{host}: it refuses our certificate ({alert:?}); check the key credentials"),
    };
    format!("{host}: {why} (key credentials)")
}

fn of_tls(host: &str, to_station: bool, error: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    if let (true, rustls::Error::AlertReceived(alert)) = (to_station, error) {
        return of_alert(host, *alert);
    }
    let rustls::Error::InvalidCertificate(bad) = error else {
        return format!("{host}: TLS failed: {error}");
    };
    if to_station && matches!(bad, Bad::UnknownIssuer | Bad::BadSignature) {
        return format!("{host}: its certificate is not signed by the authority in the key ca");
    }
    let known = [
        (matches!(bad, Bad::Expired | Bad::ExpiredContext { .. }), "has expired; is this machine's clock right?"),
        (
            matches!(bad, Bad::NotValidYet | Bad::NotValidYetContext { .. }),
            "is not valid yet; set this machine's clock",
        ),
        (
            matches!(bad, Bad::UnknownIssuer | Bad::BadSignature),
            "is signed by nobody this machine believes; for a server of your own set the key ca",
        ),
        (
            matches!(bad, Bad::NotValidForName | Bad::NotValidForNameContext { .. }),
            "belongs to another name; check the address",
        ),
        (matches!(bad, Bad::Revoked), "was revoked"),
    ];
    match known.iter().find(|(is, _)| *is) {
        Some((_, what)) => format!("{host}: its certificate {what}"),
        None => format!("{host}: its certificate is bad: {bad:?}"),
    }
}

/// What a status of HTTP means for a message.
pub(super) fn of_status(host: &str, status: u16) -> Result<(), NotDelivered> {
    let later = |what: &str| Err(NotDelivered::Later(format!("{host}: {what} (HTTP {status})")));
    let never = |what: &str| Err(NotDelivered::Never(format!("{host}: {what} (HTTP {status})")));
    match status {
        200..=299 => Ok(()),
        300..=399 => never("it sends us to another address, which is not followed; write the address it has now"),
        401 | 403 => never("it does not let us in; check key, signature and headers"),
        404 | 405 | 410 => never("nothing takes messages at this address; copy the address again"),
        408 | 425 => later("it did not wait for the whole message"),
        413 => never("the message is too long for it"),
        429 => later("it takes no more messages for now"),
        400..=499 => never("it refuses the message"),
        _ => later("it is in trouble itself"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_without_an_address_is_told_from_a_machine_that_does_not_answer() {
        let unknown = io::Error::other("failed to lookup address information: Name or service not known");
        assert!(why("server.example", false, &unknown.into()).contains("this name has no address"));
        let kinds = [(io::ErrorKind::NetworkUnreachable, "no way leads there"), (io::ErrorKind::TimedOut, "no answer")];
        for (kind, words) in kinds {
            assert!(why("server.example", false, &io::Error::from(kind).into()).contains(words), "{kind}");
        }
    }
}
