//! `[authority]` of a station: where homes are enrolled and turned away.

use crate::config::section::{At, Section};
use crate::model::time::Span;
use crate::mqtt::Broker;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

/// Where homes are enrolled, and what they are told.
#[derive(Debug, Clone, PartialEq)]
pub struct Authority {
    /// The folder with the authority and the register of its homes.
    pub dir: PathBuf,
    /// Where new homes come in with their code.
    pub listen: Option<SocketAddr>,
    /// What homes call this machine: names and addresses for its certificates.
    pub names: Vec<String>,
    /// The broker homes are told.
    pub broker: Option<Broker>,
    /// The address by HTTPS homes are told.
    pub https: Option<String>,
    /// How long a code lets a home in.
    pub code_lasts: Span,
}

/// Reads it; nothing where the section is missing or wrong.
pub(super) fn read(section: &Section<'_, '_>, state_dir: Option<&Path>) -> Option<Authority> {
    if !section.exists {
        return None;
    }
    let dir = section.or("dir", state_dir.unwrap_or(Path::new("")).join("authority"));
    let names: Option<At<Vec<String>>> = section.required("names", "[\"station.example\"]");
    let listen: Option<At<String>> = section.optional("listen");
    let broker: Option<At<Broker>> = section.optional("broker");
    let https: Option<At<String>> = section.optional("https");
    let code_lasts = section.span("code_lasts", Span::hours(1)..=Span::hours(720));
    section.finish();
    if let Some(At { place, .. }) = names.as_ref().filter(|names| names.value.is_empty()) {
        section.error(
            place,
            "without a name no home could find this machine",
            Some("write [\"station.example\"]".into()),
        );
    }
    if let Some(At { value, place }) = broker.as_ref().filter(|broker| !broker.value.tls) {
        let what = format!("homes would speak to {value} readable for everybody on the way");
        section.error(place, what, Some("write \"mqtts://\" in its address".into()));
    }
    if let Some(At { value, place }) = https.as_ref().filter(|https| !https.value.starts_with("https://")) {
        let what = format!("homes would speak to {value} readable for everybody on the way");
        section.error(place, what, Some("write it as \"https://station.example:8471\"".into()));
    }
    let listen = listen.and_then(|At { value, place }| {
        let address = value.parse::<SocketAddr>().ok();
        if address.is_none() {
            let deed = Some("write it as \"0.0.0.0:8472\"".into());
            section.error(&place, format!("{value:?} is no address with a port"), deed);
        }
        address
    });
    Some(Authority {
        dir,
        listen,
        names: names?.value,
        broker: broker.map(|broker| broker.value),
        https: https.map(|https| https.value),
        code_lasts: code_lasts.map_or(Span::hours(48), |at| at.value),
    })
}
