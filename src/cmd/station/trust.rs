//! `carecircle station ca`, `enroll`, `revoke`, `mosquitto`: what whoever runs a station does about its homes' certificates.

use crate::clock;
use crate::config::{self, Authority as Section};
use crate::model::ids::HomeId;
use crate::problem::Problem;
use crate::trust::{Authority, Code, Register, authority, mosquitto};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is to be done.
#[derive(Debug, clap::Subcommand)]
pub enum Deed {
    /// The authority that vouches for homes
    Ca {
        #[command(subcommand)]
        deed: CaDeed,
    },
    /// Makes a one-time code by which a new home gets its certificate: carecircle join CODE
    Enroll {
        /// The home's id: a pseudonym, never a name
        home: HomeId,
    },
    /// Turns a home away: it can do nothing more
    Revoke {
        /// The home's id
        home: HomeId,
    },
    /// The configuration of the station's mosquitto
    Mosquitto {
        #[command(subcommand)]
        deed: MosquittoDeed,
    },
}

/// What is done with the authority.
#[derive(Debug, clap::Subcommand)]
pub enum CaDeed {
    /// Makes the authority, once, and the station's own certificate
    Init,
    /// Makes the station's own certificate anew: before two years are over, or for another name
    Renew,
}

/// What is done with the broker.
#[derive(Debug, clap::Subcommand)]
pub enum MosquittoDeed {
    /// Writes configuration, access list and certificates; again after each enroll and revoke
    Write {
        /// The folder, such as /etc/mosquitto/carecircle
        dir: PathBuf,
        /// Where it listens
        #[arg(long, default_value_t = 8883)]
        port: u16,
    },
}

/// Runs the command.
pub fn run(deed: Deed, config: &Path) -> ExitCode {
    let (station, problems) = config::load_station(config);
    let Some(station) = station else {
        super::super::warn(&problems);
        return ExitCode::from(super::super::EXIT_CONFIGURATION);
    };
    super::super::finish(done(deed, &station, config).map(|()| ExitCode::SUCCESS))
}

fn done(deed: Deed, station: &config::Station, config: &Path) -> Result<(), Problem> {
    let section = station.authority.as_ref().ok_or_else(|| {
        let deed = "add [authority] with names = [\"station.example\"]";
        Problem::of(config.display().to_string(), "this station vouches for no homes").with_deed(deed)
    })?;
    match deed {
        Deed::Ca { deed: CaDeed::Init } => init(station, section),
        Deed::Ca { deed: CaDeed::Renew } => own_certificate(station, section, &Authority::open(&section.dir)?),
        Deed::Enroll { home } => enroll(section, &home),
        Deed::Revoke { home } => revoke(section, &home),
        Deed::Mosquitto { deed: MosquittoDeed::Write { dir, port } } => broker(station, section, &dir, port),
    }
}

fn init(station: &config::Station, section: &Section) -> Result<(), Problem> {
    let authority = Authority::init(&section.dir, &format!("carecircle {}", station.point))?;
    say(&format!("The authority is made. SHA-256 of its certificate:\n  {}", authority.fingerprint()));
    let key = section.dir.join(authority::KEY);
    say(&format!(
        "Keep a copy of {} where nobody else gets it: without it every home must be enrolled anew.",
        key.display()
    ));
    own_certificate(station, section, &authority)
}

fn own_certificate(station: &config::Station, section: &Section, authority: &Authority) -> Result<(), Problem> {
    let file =
        authority.keep_server(&section.dir, "station.pem", &mosquitto::station_user(&station.point), &section.names)?;
    let ca = section.dir.join(authority::CERTIFICATE);
    say(&format!("The station's own certificate is made, for {}. In station.toml:", section.names.join(", ")));
    say(&format!("  [mqtt] and [homes]: ca = \"{}\", credentials = \"{}\"", ca.display(), file.display()));
    Ok(())
}

fn enroll(section: &Section, home: &HomeId) -> Result<(), Problem> {
    if mosquitto::is_a_stations(home) {
        let what = "a home of this name could be taken for a station";
        return Err(
            Problem::of(home.to_string(), what).with_deed("give it an id that does not begin with station or broker-")
        );
    }
    let (authority, register) = (Authority::open(&section.dir)?, Register::of(&section.dir));
    let mut code = Code::new(&authority.der)?;
    while register.has_number(&code.number)? {
        code = Code::new(&authority.der)?;
    }
    register.give_out(home, &code, clock::now(), section.code_lasts)?;
    let station = section.names.first().map_or("STATION", String::as_str);
    let port = section.listen.map_or(8472, |listen| listen.port());
    say(&format!(
        "The code for {home}, good for {} hours and one home; it is not shown again:",
        section.code_lasts.num_hours()
    ));
    say(&format!("  {code}\nIn the home:\n  carecircle join {code} --station {station}:{port}"));
    if section.listen.is_none() {
        say("Nobody can join yet: set listen in [authority], and reload the station.");
    }
    say(
        "So that the broker lets the station answer it: carecircle station mosquitto write DIR, then systemctl reload mosquitto",
    );
    Ok(())
}

fn revoke(section: &Section, home: &HomeId) -> Result<(), Problem> {
    let register = Register::of(&section.dir);
    let was_known = register.read()?.homes().contains(home);
    let count = register.revoke(home, clock::now())?;
    let certificates = crate::text::counted(count, "certificate");
    say(&format!(
        "{home} is turned away: {certificates} taken back. The station listens to it no longer, from now on."
    ));
    if !was_known {
        say("(This station never enrolled a home of this name; was the id typed right?)");
    }
    say("So that the broker does neither: carecircle station mosquitto write DIR, then systemctl restart mosquitto");
    Ok(())
}

fn broker(station: &config::Station, section: &Section, dir: &Path, port: u16) -> Result<(), Problem> {
    let (authority, known) = (Authority::open(&section.dir)?, Register::of(&section.dir).read()?);
    let written = mosquitto::write(dir, &authority, &known, &station.point, &section.names, port)?;
    for file in &written {
        say(&file.display().to_string());
    }
    let (homes, away) = (crate::text::counted(known.homes().len(), "home"), known.denied.len());
    let at = dir.display();
    say(&format!("{homes}, {away} turned away. Then: chown -R mosquitto: {at} && systemctl restart mosquitto"));
    say(&format!("The first time, before that: ln -s {at}/carecircle.conf /etc/mosquitto/conf.d/"));
    Ok(())
}

#[allow(clippy::print_stdout)] // for whoever runs the station
fn say(line: &str) {
    println!("{line}");
}
