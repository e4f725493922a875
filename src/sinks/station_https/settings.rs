//! The keys of the channel as they stand in a config, and what must fit together in them.

use crate::model::level::{Level, Supervision};
use crate::mqtt::Plaintext;
use crate::problem::Problem;
use crate::sinks::https::Way;
use crate::sinks::nature::Nature;
use serde::Deserialize;
use std::path::PathBuf;
use ureq::http::Uri;

/// The keys in the config. Secrets are file names, so that a config can be mailed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Settings {
    /// The station's address.
    pub url: Uri,
    /// The certificates (PEM) of the authority that vouches for the station; no other is believed.
    pub ca: Option<PathBuf>,
    /// The home's certificate and its private key in one file (PEM), as for the station's broker.
    pub credentials: Option<PathBuf>,
}

impl Nature for Settings {
    fn supervision(&self) -> Supervision {
        Level::Seconds180.into()
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    url: String,
    ca: Option<PathBuf>,
    credentials: Option<PathBuf>,
    #[serde(default)]
    plaintext: bool,
    #[serde(default)]
    network_is_ours: bool,
}

impl TryFrom<Keys> for Settings {
    type Error = String;

    fn try_from(keys: Keys) -> Result<Settings, String> {
        let Keys { url, ca, credentials, plaintext, network_is_ours } = keys;
        let no_address = format!("\"{url}\" is no address of a station; write it as https://station.example:8471");
        let uri: Uri = url.parse().map_err(|_| no_address.clone())?;
        let Some(host) = uri.authority().filter(|at| !at.as_str().contains('@')).map(|at| at.host().to_owned()) else {
            return Err(no_address);
        };
        if host.is_empty() || uri.path() != "/" || uri.query().is_some() {
            return Err(no_address);
        }
        let has_files = ca.is_some() || credentials.is_some();
        let wrong = match uri.scheme_str() {
            Some("https") if ca.is_none() => Some("nobody vouches for the station; add ca = \"file\""),
            Some("https") if credentials.is_none() => {
                Some("the station lets no home in without one; add credentials = \"file\"")
            }
            Some("https") => Plaintext { plaintext, network_is_ours }.check(true, &host).err(),
            Some("http") if has_files => {
                Some("certificates are set for an address without TLS; begin it with https://")
            }
            Some("http") => Plaintext { plaintext, network_is_ours }.check(false, &host).err(),
            Some(_) | None => return Err(no_address),
        };
        wrong.map_or(Ok(Settings { url: uri, ca, credentials }), |why| Err(why.to_owned()))
    }
}

impl Settings {
    /// The way there, with every file read and every certificate tried.
    pub(super) fn way(&self) -> Result<Way, Problem> {
        Way::to_station(self.url.clone(), self.ca.as_deref().zip(self.credentials.as_deref()))
    }
}
