//! `carecircle demo`: everything on loopback with nothing installed: a broker, station page, one gateway, and a
//! simulated home that lives, presses the call button, and later falls silent.

mod house;
mod staff;
mod stage;
mod story;

use super::daemon::{Asked, Signals, block_on, log};
use crate::model::time::Span;
use crate::problem::Problem;
use crate::sim::resident::Resident;
use crate::text::Language;
use house::{DESK, HEAD, PENDANT, ROOMS};
use staff::Staff;
use stage::{Stage, With};
use std::net::SocketAddr;
use std::process::ExitCode;
use std::time::Duration;

/// Arguments of `carecircle demo`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Where the page is served on this machine; 0 chooses a free port
    #[arg(long, default_value_t = 8470)]
    port: u16,
    /// Language of the page: zh or en (each visitor can switch)
    #[arg(long, value_enum, default_value_t = Tongue::Zh)]
    language: Tongue,
    /// Play the whole story once, the staff's answers included, and end: 0 only if every step was seen
    #[arg(long)]
    story: bool,
    /// Start Debian's mosquitto instead of the broker inside; a program built without one (the package) always does
    #[arg(long)]
    mosquitto: bool,
    /// The resident's day comes from this number
    #[arg(long, default_value_t = 1)]
    seed: u64,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Tongue {
    /// Simplified Chinese
    Zh,
    /// English
    En,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    log(if args.story { "warn" } else { "info" });
    let ended = block_on(demo(args)).and_then(|ended| ended);
    super::finish(ended.map(|()| ExitCode::SUCCESS))
}

async fn demo(args: Args) -> Result<(), Problem> {
    let language = if args.language == Tongue::Zh { Language::Chinese } else { Language::English };
    let port = if args.story { 0 } else { args.port };
    let page = SocketAddr::from(([127, 0, 0, 1], port));
    let quiet_at_most = if args.story { Span::seconds(6) } else { Span::seconds(25) };
    let mut stage = Stage::set(page, language, quiet_at_most, with(args.mosquitto)).await?;
    let played = if args.story { story(&mut stage).await } else { live(&mut stage, args.seed).await };
    let struck = stage.strike().await;
    played.and(struck)
}

#[cfg(feature = "embedded-broker")]
fn with(mosquitto: bool) -> With {
    if mosquitto { With::Mosquitto } else { With::Embedded }
}

#[cfg(not(feature = "embedded-broker"))]
fn with(_mosquitto: bool) -> With {
    With::Mosquitto
}

async fn story(stage: &mut Stage) -> Result<(), Problem> {
    let mut staff = Staff::sign_in(stage.page, DESK, &stage.keys.desk_code).await?;
    story::play(stage, &mut staff).await
}

/// The home lives until somebody presses Ctrl-C: she walks about, presses once, falls silent, and is about again.
#[allow(clippy::print_stdout)] // the demo speaks to whoever started it
async fn live(stage: &mut Stage, seed: u64) -> Result<(), Problem> {
    let (page, keys) = (stage.page, &stage.keys);
    println!("The desk of the service point (one click signs you in; Ctrl-C ends the demo):");
    println!("  http://{page}/sign-in?desk=1&who={DESK}&code={}", keys.desk_code);
    println!("Its head, who also looks after people and reads the audit (in another browser or a private window):");
    println!("  http://{page}/sign-in?who={HEAD}&code={}", keys.head_code);
    println!("Whoever takes over at the desk enters the PIN {}.", keys.pin);
    println!("She lives, presses her pendant after a quarter of a minute, and later falls silent for two minutes.");
    let mut signals = Signals::listen()?;
    let mut resident = Resident::new(seed, &ROOMS);
    for day in 0.. {
        for step in 0..DAY_STEPS {
            let (pause, room) = resident.step();
            let room = room.to_owned();
            if stopped(&mut signals, pause).await {
                return Ok(());
            }
            stage.walk_through(&room).await?;
            if day == 0 && step == PRESS_AT_STEP {
                println!("She presses the pendant.");
                stage.radio.press(PENDANT).map_err(|error| Problem::of("the radio", error.to_string()))?;
            }
        }
        println!("She falls silent; the limit of this demo is 25 seconds.");
        if stopped(&mut signals, SILENCE).await {
            return Ok(());
        }
        println!("She is about again.");
    }
    Ok(())
}

async fn stopped(signals: &mut Signals, pause: Duration) -> bool {
    tokio::select! {
        asked = signals.next() => asked == Asked::Stop,
        () = tokio::time::sleep(pause) => false,
    }
}

const DAY_STEPS: u32 = 20;
const PRESS_AT_STEP: u32 = 5;
const SILENCE: Duration = Duration::from_secs(120);
