//! What a certificate says about itself: whose it is, and from when to when it is good.
//!
//! Whether it is to be believed is never judged here; TLS does that.

use crate::model::reason::Within;
use crate::model::time::{Timestamp, from_millis};
use rumqttc::tokio_rustls::rustls::pki_types::CertificateDer;
use rumqttc::tokio_rustls::rustls::pki_types::pem::PemObject;
use x509_parser::prelude::{FromDer, X509Certificate};

/// What a certificate says about itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct About {
    /// The common name of its subject: a home's id, as brokers take it for the user.
    pub common_name: Option<String>,
    /// Its number, as lists of certificates taken back name it.
    pub serial: String,
    /// From when on it is good.
    pub from: Timestamp,
    /// Until when.
    pub until: Timestamp,
}

impl About {
    /// What a certificate in DER says; nothing if it is none.
    pub fn of_der(der: &[u8]) -> Option<About> {
        let (_, certificate) = X509Certificate::from_der(der).ok()?;
        let name = certificate.subject().iter_common_name().next();
        let validity = certificate.validity();
        Some(About {
            common_name: name.and_then(|name| name.as_str().ok()).map(str::to_owned),
            serial: crate::model::hex::lower(certificate.raw_serial()),
            from: from_millis(validity.not_before.timestamp().saturating_mul(1000)),
            until: from_millis(validity.not_after.timestamp().saturating_mul(1000)),
        })
    }

    /// What the first certificate of a text in PEM says: our own, where others vouch for it.
    pub fn of_pem(pem: &[u8]) -> Option<About> {
        let first = CertificateDer::pem_slice_iter(pem).next()?.ok()?;
        About::of_der(&first)
    }

    /// Of all certificates in a text in PEM the one that ends first; nothing where there is none.
    pub fn first_to_end(pem: &[u8]) -> Option<About> {
        let all = CertificateDer::pem_slice_iter(pem).filter_map(Result::ok);
        all.filter_map(|der| About::of_der(&der)).min_by_key(|about| about.until)
    }

    /// In words that it ends within sixty days, or has ended; nothing while there is time.
    pub fn ends_soon(&self, now: Timestamp) -> Option<String> {
        let day = self.until.date_naive();
        Some(match Within::of(now, self.until)? {
            Within::Ended => format!("this certificate has expired on {day}: whoever shows it is not believed"),
            Within::Days60 | Within::Days30 | Within::Days7 => {
                format!("this certificate ends on {day}, {} more days", (self.until - now).num_days())
            }
        })
    }

    /// In words what its dates have against it now, or soon.
    pub fn fault(&self, now: Timestamp) -> Option<String> {
        let day = |at: Timestamp| at.date_naive();
        if now < self.from {
            return Some(format!("the certificate is good only from {} on", day(self.from)));
        }
        (now >= self.until).then(|| format!("the certificate has expired on {}", day(self.until)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::time::Span;

    #[test]
    fn an_end_is_said_in_words_within_sixty_days() {
        let until = from_millis(1_900_000_000_000);
        let about = About { common_name: None, serial: String::new(), from: from_millis(0), until };
        let said = |left| about.ends_soon(until - Span::days(left));
        assert_eq!(said(61), None);
        assert_eq!(said(60).as_deref(), Some("this certificate ends on 2030-03-17, 60 more days"));
        assert!(said(0).is_some_and(|said| said.contains("has expired on 2030-03-17")));
    }
}
