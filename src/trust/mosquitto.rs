//! What a station's mosquitto is told, written from what the station knows: who may come in, and what each may say and read.
//!
//! A home writes upwards and reads downwards below its own name, and nothing else; a home that was turned away has no topic at
//! all, and its certificate stands in the list of those taken back.

use crate::clock;
use crate::model::ids::{HomeId, PointId};
use crate::mqtt::{About, Floor};
use crate::problem::Problem;
use crate::trust::register::Known;
use crate::trust::{Authority, broker_log, files};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Everything a broker needs, for `point`, in `folder`; what was written.
pub fn write(
    folder: &Path,
    authority: &Authority,
    known: &Known,
    point: &PointId,
    names: &[String],
    port: u16,
) -> Result<Vec<PathBuf>, Problem> {
    files::folder(folder)?;
    let folder = &folder.canonicalize().map_err(|error| Problem::of_state(folder, &error))?;
    let file = |name: &str| folder.join(name);
    let mut written = vec![];
    let mut put = |name: &str, text: &str, mode| {
        written.push(file(name));
        files::write(&file(name), text.as_bytes(), mode)
    };
    // The broker's own certificate stays until it comes to its end: each one takes a restart.
    if ends_soon(&file("broker.pem")) || !file("broker-key.pem").exists() {
        let (certificate, key) = authority.server(&format!("broker-{point}"), names)?;
        put("broker-key.pem", &key, files::PRIVATE)?;
        put("broker.pem", &certificate.pem, files::PUBLIC)?;
    }
    put("operator-ca.pem", &authority.pem, files::PUBLIC)?;
    put("operator-crl.pem", &known.revoked_list(authority)?, files::PUBLIC)?;
    put("carecircle.acl", &acl(point, &known.homes(), &known.denied), files::PRIVATE)?;
    put("carecircle.conf", &configuration(folder, port), files::PUBLIC)?;
    Ok(written)
}

/// Whether there is no certificate in this file, or one with less than sixty days.
fn ends_soon(file: &Path) -> bool {
    let about = std::fs::read(file).ok().and_then(|pem| About::of_pem(&pem));
    about.is_none_or(|about| about.ends_soon(Floor::at(clock::now())).is_some())
}

/// Under which name a station signs in at its broker.
pub fn station_user(point: &PointId) -> String {
    format!("station-{point}")
}

/// Whether a home of this name could be taken for a station or its branch of topics.
pub fn is_a_stations(home: &HomeId) -> bool {
    home.as_str().starts_with("station") || home.as_str().starts_with("broker-")
}

fn acl(point: &PointId, homes: &BTreeSet<&HomeId>, denied: &BTreeSet<HomeId>) -> String {
    let mut acl = format!(
        "# Written by `carecircle station mosquitto write`; write it again rather than change it.\n\
         # A home writes upwards and reads downwards below its own name; the branches never overlap, so no home can forge a\n\
         # receipt for itself. %u is the common name of the certificate.\n\
         pattern write carecircle/v1/%u/up/#\n\
         pattern read carecircle/v1/%u/down/#\n\n\
         # The station reads what is sent to its point, and writes to its homes, one line each.\n\
         user {}\n\
         topic read carecircle/v1/+/up/{point}/#\n",
        station_user(point)
    );
    acl += "# What the broker refuses, so that the station can count it.\n";
    broker_log::TOPICS.iter().for_each(|topic| acl += &format!("topic read {topic}\n"));
    homes.iter().for_each(|home| acl += &format!("topic write carecircle/v1/{home}/down/#\n"));
    acl += &format!(
        "# What happens there, where its configuration says [events] mqtt = true.\ntopic write carecircle/v1/station/{point}/#\n"
    );
    if !denied.is_empty() {
        acl += "\n# Homes that were turned away.\n";
    }
    denied.iter().for_each(|home| acl += &format!("user {home}\ntopic deny #\n"));
    acl
}

fn configuration(folder: &Path, port: u16) -> String {
    let folder = folder.display();
    format!(
        "# Written by `carecircle station mosquitto write`: the broker to which the homes of this station speak.\n\
         # Use it: ln -s {folder}/carecircle.conf /etc/mosquitto/conf.d/ && systemctl restart mosquitto\n\
         # Debian's mosquitto takes 1,015 homes and no more; for more see docs/district.md.\n\
         per_listener_settings false\n\n\
         listener {port}\n\
         cafile {folder}/operator-ca.pem\n\
         certfile {folder}/broker.pem\n\
         keyfile {folder}/broker-key.pem\n\
         crlfile {folder}/operator-crl.pem\n\
         tls_version tlsv1.3\n\
         # The certificate is the sign-in: its common name is the home's id, or station-<point>.\n\
         require_certificate true\n\
         use_identity_as_username true\n\
         allow_anonymous false\n\
         acl_file {folder}/carecircle.acl\n\n\
         # Receipts carry the promise, not the broker's memory.\n\
         persistence false\n\
         set_tcp_nodelay true\n\
         max_packet_size 65536\n\
         max_queued_messages 1000\n\
         max_keepalive 60\n\n\
         # The station counts what is refused here from this log. It goes to the journal as well; without the line for stderr\n\
         # it would be nowhere else.\n\
         log_dest stderr\n\
         log_dest topic\n\
         log_type error\n\
         log_type warning\n\
         log_type notice\n\
         log_type information\n"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What lies in `config/mosquitto` for who wants to see it first is what the command writes. `UPDATE_GOLDEN=1` writes it anew.
    #[test]
    fn the_samples_are_what_the_command_writes() {
        let homes: Vec<HomeId> = ["ky-lehe-0412", "ky-dongfeng-0077"].map(|home| home.parse().unwrap()).into();
        let acl = acl(&"lehe".parse().unwrap(), &homes.iter().collect(), &BTreeSet::new());
        let configuration = configuration(Path::new("/etc/mosquitto/carecircle"), 8883);
        for (name, text) in [("district.conf", configuration), ("district.acl", acl)] {
            let path = Path::new("config/mosquitto").join(name);
            if std::env::var_os("UPDATE_GOLDEN").is_some() {
                std::fs::write(&path, &text).unwrap();
            }
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text, "{name}");
        }
    }
}
