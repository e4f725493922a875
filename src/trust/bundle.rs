//! What a home and its station say to one another when the home is enrolled or gets its next certificate.

use crate::model::ids::{HomeId, PointId};
use serde::{Deserialize, Serialize};

/// A home that has a code.
#[derive(Debug, Serialize, Deserialize)]
pub struct Joining {
    /// The number of the code.
    pub number: String,
    /// Its secret.
    pub secret: String,
    /// The request for a certificate, in PEM.
    pub request: String,
}

/// A home that has a certificate, and a new key.
#[derive(Debug, Serialize, Deserialize)]
pub struct Renewing {
    /// The request for the next certificate, in PEM.
    pub request: String,
}

/// Everything a home needs to speak to its station.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Bundle {
    /// Who the home is.
    pub home: HomeId,
    /// Its certificate, in PEM.
    pub certificate: String,
    /// The authority's, in PEM.
    pub ca: String,
    /// The service point.
    pub point: PointId,
    /// Its name for people.
    pub name: String,
    /// The station's broker, if homes send to one.
    pub broker: Option<String>,
    /// Where the station takes what homes say by HTTPS, if it does.
    pub https: Option<String>,
    /// Whether the station keeps the list of points for its homes.
    pub keeps_directory: bool,
}

/// Why nothing came of it.
#[derive(Debug, Serialize, Deserialize)]
pub struct Declined {
    /// In words for whoever stands in the flat.
    pub why: String,
}

/// Where a home with a code asks.
pub const JOIN: &str = "/v1/join";
/// Where a home with a certificate asks for the next one.
pub const RENEW: &str = "/v1/renew";
