//! What a connection needs to know before it is made.

use crate::mqtt::address::Broker;
use crate::mqtt::floor::Floor;
use rumqttc::tokio_rustls::rustls::pki_types::pem::PemObject;
use rumqttc::tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rumqttc::tokio_rustls::rustls::{ClientConfig, RootCertStore, crypto::ring, version::TLS13};
use rumqttc::{AckMode, LastWill, MqttOptions, QoS, TlsConfiguration, Transport};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::time::Duration;

/// One connection to one broker.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Unique at the broker; a second client with the same id throws this one out.
    pub client_id: String,
    /// Where the broker is.
    pub broker: Broker,
    /// User and password, where the broker asks for them.
    pub login: Option<Login>,
    /// Certificates; without them `mqtts://` trusts what the machine trusts.
    pub tls: Option<Tls>,
    /// Topic filters, subscribed at QoS 1 on every connection.
    pub filters: Vec<String>,
    /// What the broker says for us when we are gone; also said by us before a clean stop.
    pub will: Option<Will>,
    /// Published retained on every connection: topic and payload.
    pub announce: Option<(String, Vec<u8>)>,
}

/// A session that the broker keeps under the client id while we are away, with what came meanwhile.
#[derive(Debug, Clone, Default)]
pub struct Kept {
    /// Filters that the session may still hold from before and nobody wants any more.
    pub dropped_filters: Vec<String>,
    /// Becomes true when the broker has said that it holds them no longer.
    pub are_dropped: Arc<AtomicBool>,
}

/// User and password.
#[derive(Clone, PartialEq, Eq)]
pub struct Login {
    /// The user.
    pub user: String,
    /// The password.
    pub password: String,
}

/// Certificates, in PEM.
#[derive(Clone, PartialEq, Eq)]
pub struct Tls {
    /// The authorities that may vouch for the broker; no others do.
    pub ca: Vec<u8>,
    /// Our own certificate chain and its private key, in one text.
    pub identity: Option<Vec<u8>>,
}

/// A last will.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Will {
    /// Where it is published.
    pub topic: String,
    /// What it says.
    pub payload: Vec<u8>,
    /// Whether the broker keeps it.
    pub retain: bool,
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Login").field("user", &self.user).field("password", &"***").finish()
    }
}

impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let identity = self.identity.as_ref().map(|_| "***");
        f.debug_struct("Tls").field("ca_bytes", &self.ca.len()).field("identity", &identity).finish()
    }
}

/// The paces of a connection. The defaults are those of a home; tests go faster.
#[derive(Debug, Clone, Copy)]
pub struct Pace {
    /// A quiet connection is asked for a sign of life after that long.
    pub keep_alive_secs: u16,
    /// TCP, TLS and the broker's greeting together.
    pub connect_within: Duration,
    /// The broker's answer to anything sent; beyond it the connection is dropped and made anew.
    pub answer_within: Duration,
    /// A connection that the broker closes sooner than this hints at a second client with the same id.
    pub short_life: Duration,
    /// On a kept session, what comes so long after the connection was made is new in any case.
    pub late_at_most: Duration,
}

impl Default for Pace {
    fn default() -> Pace {
        Pace {
            // Half-open links are noticed 15 + 10 s after the last word, within the promised 30 s.
            keep_alive_secs: 15,
            connect_within: Duration::from_secs(5),
            answer_within: Duration::from_secs(10),
            // Longer than the longest back-off, or two clients that throw one another out would never count.
            short_life: Duration::from_secs(10),
            // The longest backlog that the packaged broker holds comes in a few seconds.
            late_at_most: Duration::from_secs(300),
        }
    }
}

/// Largest packet that is passed on; trust.md section 3.
pub const MESSAGE_BYTES_MAX: usize = 64 * 1024;

/// Largest packet that is read off the wire. Beyond it the client drops the connection, and a *retained* packet of that
/// size comes back on every connection: a bridge's device list of hundreds of kilobytes must not make a home deaf. So
/// larger packets are read to their end and left unused.
const PACKET_BYTES_MAX: usize = LARGE_MESSAGE_BYTES_MAX;

/// Largest packet that is passed on where large ones are asked for: a bridge lists hundreds of devices in less.
pub const LARGE_MESSAGE_BYTES_MAX: usize = 4 * 1024 * 1024;

/// Publishes on the wire at once: 400 alerts a second over a link of 50 ms need 20.
pub(super) const IN_FLIGHT_MAX: u16 = 20;

impl Settings {
    /// Whether these settings can work at all; says in words why not.
    pub fn check(&self) -> Result<(), String> {
        for filter in &self.filters {
            if !rumqttc::valid_filter(filter) {
                return Err(format!("{filter:?} is no topic filter"));
            }
        }
        self.options(&Pace::default(), false).map(drop)
    }

    pub(super) fn options(&self, pace: &Pace, is_kept: bool) -> Result<MqttOptions, String> {
        let mut options = MqttOptions::new(&self.client_id, (self.broker.host.as_str(), self.broker.port));
        options
            .set_keep_alive(pace.keep_alive_secs)
            .set_clean_session(!is_kept)
            .set_ack_mode(if is_kept { AckMode::Manual } else { AckMode::Automatic })
            .set_max_packet_size(PACKET_BYTES_MAX, 2 * MESSAGE_BYTES_MAX)
            // Twice ours: a caller that gave up leaves its packet in flight.
            .set_inflight(2 * IN_FLIGHT_MAX)
            .set_max_request_batch(usize::from(IN_FLIGHT_MAX));
        if let Some(login) = &self.login {
            options.set_credentials(&login.user, login.password.clone());
        }
        if let Some(will) = &self.will {
            options.set_last_will(LastWill::new(&will.topic, will.payload.clone(), QoS::AtLeastOnce, will.retain));
        }
        if self.broker.tls {
            options.set_transport(Transport::Tls(self.tls_configuration()?));
        }
        options.validate().map_err(|error| error.to_string())?;
        Ok(options)
    }

    fn tls_configuration(&self) -> Result<TlsConfiguration, String> {
        match &self.tls {
            Some(tls) => Ok(TlsConfiguration::Rustls(Arc::new(tls.configuration()?))),
            None => TlsConfiguration::try_default_rustls().map_err(|error| {
                format!("the machine's own certificate store cannot be used ({error}); set the key ca")
            }),
        }
    }
}

impl Tls {
    /// Whether these can be used at all; says in words why not.
    pub fn check(&self) -> Result<(), String> {
        self.configuration().map(drop)
    }

    /// A client's TLS 1.3 with these, which believes no other authority.
    pub fn configuration(&self) -> Result<ClientConfig, String> {
        let mut roots = RootCertStore::empty();
        for certificate in certificates(&self.ca, "ca")? {
            roots.add(certificate).map_err(|error| format!("a certificate in the ca file cannot be used: {error}"))?;
        }
        let builder = ClientConfig::builder_with_details(Arc::new(ring::default_provider()), Arc::new(Floor))
            .with_protocol_versions(&[&TLS13])
            .map_err(|error| error.to_string())?
            .with_root_certificates(roots);
        Ok(match &self.identity {
            None => builder.with_no_client_auth(),
            Some(identity) => {
                let key = PrivateKeyDer::from_pem_slice(identity)
                    .map_err(|_| "the credentials file holds no private key".to_owned())?;
                builder.with_client_auth_cert(certificates(identity, "credentials")?, key).map_err(|error| {
                    format!("certificate and key in the credentials file do not go together: {error}")
                })?
            }
        })
    }
}

fn certificates(pem: &[u8], key: &str) -> Result<Vec<CertificateDer<'static>>, String> {
    let found = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    match found {
        Ok(found) if !found.is_empty() => Ok(found),
        Ok(_) => Err(format!("the {key} file holds no certificate in PEM")),
        Err(error) => Err(format!("the {key} file is no PEM: {error}")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn settings() -> Settings {
        Settings {
            client_id: "test".to_owned(),
            broker: "mqtt://localhost".parse().unwrap(),
            login: Some(Login { user: "me".to_owned(), password: "secret".to_owned() }),
            tls: None,
            filters: vec!["a/#".to_owned()],
            will: None,
            announce: None,
        }
    }

    #[test]
    fn secrets_are_never_printed() {
        let tls = Some(Tls { ca: b"ca".to_vec(), identity: Some(b"private".to_vec()) });
        let printed = format!("{:?}", Settings { tls, ..settings() });
        assert!(!printed.contains("secret") && !printed.contains("private"), "{printed}");
    }

    #[test]
    fn settings_that_cannot_work_say_why() {
        assert_eq!(settings().check(), Ok(()));
        let filter = Settings { filters: vec!["a/#/b".to_owned()], ..settings() };
        assert!(filter.check().unwrap_err().contains("no topic filter"));
        let tls = Settings {
            broker: "mqtts://localhost".parse().unwrap(),
            tls: Some(Tls { ca: b"nonsense".to_vec(), identity: None }),
            ..settings()
        };
        assert!(tls.check().unwrap_err().contains("ca file"), "{:?}", tls.check());
    }
}
