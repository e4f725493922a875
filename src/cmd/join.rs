//! `carecircle join`: enrols this home at its station.

use crate::config;
use crate::model::ids::PointId;
use crate::problem::Problem;
use crate::trust::bundle::Bundle;
use crate::trust::{Code, files, join};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// Arguments of `carecircle join`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// The code as `carecircle station enroll` showed it
    code: Code,
    /// Where the station lets new homes in
    #[arg(long, value_name = "HOST:PORT")]
    station: String,
    /// From the station to the door, such as "6m": then the station is put into the circle as well
    #[arg(long)]
    travel: Option<String>,
    /// The home's configuration; what is joined goes to conf.d/joined.toml and secrets/ beside it
    #[arg(long, value_name = "FILE", default_value = super::DEFAULT_CONFIG)]
    config: PathBuf,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    super::finish(joined(&args).map(|()| ExitCode::SUCCESS))
}

#[allow(clippy::print_stdout)] // for the technician
fn joined(args: &Args) -> Result<(), Problem> {
    let folder = args.config.parent().unwrap_or(Path::new(""));
    let folder = folder.canonicalize().map_err(|error| Problem::of_config(folder, &error))?;
    let joined = join::join(&args.code, &args.station, &folder.join("secrets"))?;
    let drop_in = folder.join("conf.d").join("joined.toml");
    // Read by the daemon, whoever runs this; it holds no secret.
    let beside = folder.join("conf.d");
    std::fs::create_dir_all(&beside).map_err(|error| Problem::of_state(&beside, &error))?;
    let text = drop_in_of(&joined, args.travel.as_deref());
    files::write(&drop_in, text.as_bytes(), files::PUBLIC)?;
    let Bundle { home, name, point, .. } = &joined.bundle;
    println!("This home is {home} of {name} ({point}).");
    println!("Certificate and key: {}", joined.credentials.display());
    println!("Ways to the station: {}", drop_in.display());
    if args.travel.is_none() {
        println!("Put them into the circle: channels = {} at [[circle.point]] {point}", channels(&joined.bundle));
    }
    if args.config.exists() {
        let (config, problems) = config::load_gateway(&args.config);
        super::warn(&problems);
        for other in config.iter().flat_map(|config| by_the_same_way(config, &joined.bundle)) {
            println!(
                "{} asks point \"{other}\" by the same way. If `init` wrote it before the station",
                args.config.display()
            );
            println!("was known, take its [[circle.point]] out: else it is asked first, and nobody answers there.");
        }
    }
    // Another home id, and secrets that systemd hands over at the start alone: a reload would be refused.
    println!("Then: carecircle check {} && systemctl restart carecircle-gateway", args.config.display());
    Ok(())
}

/// Points that are told through the joined station's broker and are not its own: begun by `init`, or others of a district.
fn by_the_same_way(config: &config::Gateway, bundle: &Bundle) -> Vec<PointId> {
    let others = config.circle.points.iter().filter(|point| point.id != bundle.point);
    let others = others.filter(|point| point.channels.iter().any(|channel| channel.as_str() == BY_MQTT));
    others.map(|point| point.id.clone()).collect()
}

fn drop_in_of(joined: &join::Joined, travel: Option<&str>) -> String {
    let bundle = &joined.bundle;
    let text = |text: &str| crate::devices::toml_text(text);
    let tls = format!(
        "ca = {}, credentials = {}",
        text(&joined.ca.display().to_string()),
        text(&joined.credentials.display().to_string())
    );
    let mut file = format!(
        "# Written by `carecircle join`: who this home is, and its ways to {}.\n[home]\nid = {}\n",
        crate::text::shown(&bundle.name, 60),
        text(bundle.home.as_str())
    );
    if bundle.keeps_directory {
        file += &format!("\n[circle]\ndirectory_from = {}\n", text(bundle.point.as_str()));
    }
    if let Some(travel) = travel {
        let (id, name) = (text(bundle.point.as_str()), text(&bundle.name));
        let channels = channels(bundle);
        file += &format!(
            "\n[[circle.point]]\nid = {id}\nname = {name}\ntravel = {}\nchannels = {channels}\n",
            text(travel)
        );
    }
    if let Some(broker) = &bundle.broker {
        file += &format!(
            "\n[[channel]]\nname = {}\nstation_mqtt = {{ broker = {}, {tls} }}\n",
            text(BY_MQTT),
            text(broker)
        );
    }
    if let Some(https) = &bundle.https {
        file +=
            &format!("\n[[channel]]\nname = {}\nstation_https = {{ url = {}, {tls} }}\n", text(BY_HTTPS), text(https));
    }
    file
}

fn channels(bundle: &Bundle) -> String {
    let named = [(BY_MQTT, bundle.broker.is_some()), (BY_HTTPS, bundle.https.is_some())];
    let named: Vec<String> =
        named.into_iter().filter(|(_, is_there)| *is_there).map(|(name, _)| crate::devices::toml_text(name)).collect();
    format!("[{}]", named.join(", "))
}

/// As `carecircle init` calls it.
const BY_MQTT: &str = "station";
const BY_HTTPS: &str = "station-direct";
