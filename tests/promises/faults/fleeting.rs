//! Row 15: a history that would not outlast a power cut is kept, and said: in memory, or on the overlay of a read-only root.

use crate::service::unit::{Unit, gateway_command};
use crate::support::{carecircle, wait_until};
use crate::world::{Home, PATIENCE, World};
use std::path::Path;
use std::process::Command;

const IN_MEMORY: &str = "mount -t tmpfs tmpfs \"$0\"";
/// The overlay of a read-only root: below it what cannot be changed, above it a tmpfs.
const OVERLAY: &str = "mount -t tmpfs tmpfs \"$0\" && cd \"$0\" && mkdir lower upper work && \
     mount -t overlay overlay -o lowerdir=lower,upperdir=upper,workdir=work \"$0\"";

#[test]
fn a_history_in_memory_or_on_an_overlay_is_said_in_log_status_check_and_to_systemd() {
    for (mounts, words) in [
        (IN_MEMORY, "in memory (tmpfs): a power cut takes all of it"),
        (OVERLAY, "on an overlay: a power cut takes all of it if the upper layer is in memory"),
    ] {
        let mut world = World::configure(&Home::default());
        world.start_station();
        let state = world.path("state");
        std::fs::create_dir_all(&state).unwrap();
        let gateway = Unit::start(&world.path(""), in_own_mounts(mounts, &state, &gateway_command(&world))).ready();
        world.wait_ready();
        assert!(gateway.output().contains(&format!("the history lies {words}; mount a data partition there")));
        gateway.wait_for_status(&["watching 2 sensors", &format!("; history {words}")]);
        wait_until("the status file says it", PATIENCE, || {
            world
                .status()
                .is_some_and(|status| status["store_fleeting"] == words && status.get("store_fault").is_none())
        });
        world.press();
        wait_until("an alert passes as ever", PATIENCE, || world.alerts_of("call_button").len() == 1);

        let (text, code) = shown(in_own_mounts(mounts, &state, &ours(&["check"], &world.path("gateway.toml"))));
        assert!(code == 0 && text.contains(&format!("warning: the history kept here lies {words}")), "{text}");
        let (text, _) = shown(ours(&["status", "--config"], &world.path("gateway.toml")));
        assert!(text.contains("works, BUT") && one_line(&text).contains(words), "{text}");
    }
}

/// Where /tmp is a tmpfs, as in Debian 13, the state of this test lies in memory and rightly says so.
#[test]
fn a_history_on_a_disk_is_not_suspected() {
    let world = World::configure(&Home::default());
    let gateway = Unit::gateway(&world).ready();
    gateway.wait_for_status(&["watching 2 sensors"]);
    let is_disk = carecircle::store::fleeting(&world.path("state")).is_none();
    assert_eq!(!gateway.output().contains("the history lies"), is_disk);
    assert_eq!(!gateway.status().contains("power cut"), is_disk);
}

/// The command in a mount namespace of its own, after a line of shell to which `state` is `$0`.
pub fn in_own_mounts(mounts: &str, state: &Path, inner: &Command) -> Command {
    let mut command = Command::new("unshare");
    let namespaces: &[&str] = if nix::unistd::geteuid().is_root() { &["-m"] } else { &["-Ur", "-m"] };
    command.args(namespaces).args(["sh", "-c", &format!("({mounts}) && exec \"$@\"")]).arg(state);
    command.arg(inner.get_program()).args(inner.get_args()).env("NO_COLOR", "1");
    command
}

fn ours(arguments: &[&str], file: &Path) -> Command {
    let mut command = carecircle(arguments);
    command.arg(file);
    command
}

/// What it prints, and its exit code.
fn shown(mut command: Command) -> (String, i32) {
    let output = command.output().unwrap();
    let text = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (text, output.status.code().unwrap_or(-1))
}

fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
