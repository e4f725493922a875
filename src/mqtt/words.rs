//! Why a connection failed, in words for the person who has to put it right.

use crate::mqtt::address::Broker;
use rumqttc::tokio_rustls::rustls;
use rumqttc::{ConnectReturnCode, ConnectionError, StateError, TlsError};
use std::io;

/// Where a kept session sends marks to itself.
pub(super) const MARK_TOPICS: &str = "carecircle/mark/";

/// What went wrong with the connection to `broker`: one fact, one next step.
pub(super) fn why(broker: &Broker, error: &ConnectionError) -> String {
    let place = broker.host_and_port();
    if let Some(error) = tls_error(error) {
        return tls_words(&place, error);
    }
    if let Some(error) = io_error(error) {
        return io_words(broker, error);
    }
    if let ConnectionError::ConnectionRefused(code) = error {
        return refusal_words(&place, code);
    }
    if let ConnectionError::MqttState(StateError::Deserialization(error)) = error {
        return format!("what came from {place} is no MQTT ({error}); is another program listening there?");
    }
    if matches!(error, ConnectionError::NetworkTimeout) {
        return no_greeting(broker);
    }
    if matches!(error, ConnectionError::MqttState(StateError::ConnectionAborted)) {
        return format!("the broker at {place} closed the connection");
    }
    if matches!(error, ConnectionError::MqttState(StateError::AwaitPingResp) | ConnectionError::FlushTimeout) {
        return no_answer(broker);
    }
    format!("connection to {place} failed: {error}")
}

/// The broker took the connection and said nothing, or did not even take it.
pub(super) fn no_greeting(broker: &Broker) -> String {
    format!("no answer from {}; is the broker running, and does the network reach it?", broker.host_and_port())
}

/// What the broker held back for us does not come to its end.
pub(super) fn stuck(broker: &Broker) -> String {
    format!(
        "the broker at {} does not deliver what it held back, its session is stuck and is begun anew; \
         is queue_qos0_messages set in mosquitto, or {}# forbidden to the gateway?",
        broker.host_and_port(),
        MARK_TOPICS
    )
}

/// The end of what the broker held back was never found.
pub(super) fn no_mark() -> String {
    format!("the mark behind what the broker held back never came; is {MARK_TOPICS}# forbidden to the gateway?")
}

/// A connection that worked has gone silent.
pub(super) fn no_answer(broker: &Broker) -> String {
    format!("the broker at {} no longer answers; connecting anew", broker.host_and_port())
}

/// The broker closed many connections soon after they were made.
pub(super) fn thrown_out(broker: &Broker, client_id: &str, times: u32) -> String {
    format!(
        "the broker at {} closed the connection {times} times in a row soon after it was made; \
         probably a second program uses the client id {client_id:?}",
        broker.host_and_port()
    )
}

fn refusal_words(place: &str, code: &ConnectReturnCode) -> String {
    match code {
        ConnectReturnCode::BadUserNamePassword => {
            format!("the broker at {place} refuses user or password; check the keys user and password_file")
        }
        ConnectReturnCode::NotAuthorized => format!(
            "the broker at {place} does not let this client in; check user, password and certificate, \
             and the broker's access list"
        ),
        ConnectReturnCode::BadClientId => format!("the broker at {place} refuses the client id"),
        ConnectReturnCode::ServiceUnavailable => format!("the broker at {place} says that it is not available now"),
        ConnectReturnCode::RefusedProtocolVersion => format!("the broker at {place} does not speak MQTT 3.1.1"),
        ConnectReturnCode::Success => format!("the broker at {place} broke off its greeting"),
    }
}

fn io_words(broker: &Broker, error: &io::Error) -> String {
    let place = broker.host_and_port();
    let kind = error.kind();
    if closed_by_peer(kind) {
        let hint = if broker.tls { "; does it speak TLS on this port?" } else { "" };
        return format!("the broker at {place} closed the connection{hint}");
    }
    if matches!(kind, io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable) {
        return format!("no way to {place}; is the network cable or the Wi-Fi connected?");
    }
    if kind == io::ErrorKind::ConnectionRefused {
        return format!("connection refused at {place}; is mosquitto running?");
    }
    if kind == io::ErrorKind::NotFound {
        return format!("the name {:?} has no address; check the name and the name server ({error})", broker.host);
    }
    if kind == io::ErrorKind::TimedOut {
        return no_greeting(broker);
    }
    format!("connection to {place} failed: {error}")
}

fn tls_words(place: &str, error: &rustls::Error) -> String {
    use rustls::CertificateError as Bad;
    let rustls::Error::InvalidCertificate(bad) = error else {
        if let rustls::Error::AlertReceived(alert) = error {
            return format!("the broker at {place} refuses our certificate ({alert:?}); check the key credentials");
        }
        return format!("TLS with {place} failed: {error}");
    };
    let known = [
        (
            matches!(bad, Bad::Expired | Bad::ExpiredContext { .. }),
            "has expired; renew it, or set this machine's clock",
        ),
        (
            matches!(bad, Bad::NotValidYet | Bad::NotValidYetContext { .. }),
            "is not valid yet; set this machine's clock",
        ),
        (matches!(bad, Bad::UnknownIssuer | Bad::BadSignature), "is not signed by the authority in the key ca"),
        (
            matches!(bad, Bad::NotValidForName | Bad::NotValidForNameContext { .. }),
            "belongs to another name; check the address",
        ),
        (matches!(bad, Bad::Revoked), "was revoked"),
    ];
    match known.iter().find(|(is, _)| *is) {
        Some((_, what)) => format!("the certificate of the broker at {place} {what}"),
        None => format!("the certificate of the broker at {place} is bad: {bad:?}"),
    }
}

/// Whether the other side ended a connection that worked.
pub(super) fn is_closed_by_broker(error: &ConnectionError) -> bool {
    matches!(error, ConnectionError::MqttState(StateError::ConnectionAborted))
        || io_error(error).is_some_and(|error| closed_by_peer(error.kind()))
}

fn closed_by_peer(kind: io::ErrorKind) -> bool {
    matches!(
        kind,
        io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            | io::ErrorKind::UnexpectedEof
    )
}

fn io_error(error: &ConnectionError) -> Option<&io::Error> {
    if let ConnectionError::Io(error)
    | ConnectionError::MqttState(StateError::Io(error))
    | ConnectionError::MqttState(StateError::Deserialization(rumqttc::mqttbytes::Error::Io(error)))
    | ConnectionError::Tls(TlsError::Io(error)) = error
    {
        return Some(error);
    }
    None
}

fn tls_error(error: &ConnectionError) -> Option<&rustls::Error> {
    if let ConnectionError::Tls(TlsError::TLS(error)) = error {
        return Some(error);
    }
    io_error(error)?.get_ref()?.downcast_ref()
}
