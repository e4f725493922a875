//! The next certificate of a home, fetched with the one it has. What it has stays until the next one is here and tried.

use crate::clock;
use crate::model::time::{Span, Timestamp};
use crate::mqtt::{About, Floor, Tls};
use crate::problem::Problem;
use crate::trust::bundle::{Bundle, RENEW, Renewing};
use crate::trust::join::{self, BUNDLE, CA, CREDENTIALS};
use crate::trust::{authority, files, talk};
use std::path::Path;

/// What came of it.
#[derive(Debug, PartialEq, Eq)]
pub enum Renewed {
    /// It is good for long enough.
    NotYet(Timestamp),
    /// There is a new one.
    Until(Timestamp),
}

/// Renews what lies in `folder` once it is 270 days old, or `now` if somebody says so.
pub fn renew(folder: &Path, is_forced: bool) -> Result<Renewed, Problem> {
    let until = until(folder)?;
    if !is_forced && until - Floor::at(clock::now()) > LEFT {
        return Ok(Renewed::NotYet(until));
    }
    let told = needed(folder, BUNDLE)?;
    let told: Bundle = serde_json::from_slice(&told).map_err(|error| Problem::of(BUNDLE, error.to_string()))?;
    let no_way = || {
        Problem::new("this station takes homes in by its broker alone")
            .with_deed("ask there for a new code, and join again")
    };
    let https = told.https.ok_or_else(no_way)?;
    let station = https.trim_start_matches("https://").trim_end_matches('/');
    let tls = Tls { ca: needed(folder, CA)?, identity: Some(needed(folder, CREDENTIALS)?) };
    let config = tls.configuration().map_err(|what| Problem::of(CREDENTIALS, what))?;
    let (key, request) = authority::request(None)?;
    let body = serde_json::to_vec(&Renewing { request }).map_err(|error| Problem::new(error.to_string()))?;
    let bundle = talk::ask(station, config, RENEW, &body)?;
    if bundle.home != told.home {
        return Err(Problem::of(
            station,
            format!("the new certificate is for {}, and this home is {}", bundle.home, told.home),
        ));
    }
    join::is_ours(&bundle, &key).map_err(|what| Problem::of(station, what))?;
    join::keep(folder, &bundle, &key)?;
    Ok(Renewed::Until(self::until(folder)?))
}

/// When the certificate in `folder` ends.
fn until(folder: &Path) -> Result<Timestamp, Problem> {
    let about = About::of_pem(&needed(folder, CREDENTIALS)?);
    let none = || Problem::of(folder.join(CREDENTIALS).display().to_string(), "no certificate in this file");
    Ok(about.ok_or_else(none)?.until)
}

fn needed(folder: &Path, file: &str) -> Result<Vec<u8>, Problem> {
    let path = folder.join(file);
    let deed = "this home was not enrolled: carecircle join CODE";
    files::read(&path)?.ok_or_else(|| Problem::of(path.display().to_string(), "there is no such file").with_deed(deed))
}

/// From day 270 on: a year less that.
const LEFT: Span = Span::days(95);
