//! What a technician reads when something of the world is missing: what is wrong, where, what to do next.

use super::reload::{edit, ended};
use super::unit::{Unit, gateway_command};
use super::{Site, client};
use crate::support::{Mosquitto, carecircle, free_port, wait_until};
use crate::world::{Home, PATIENCE, World};
use std::os::unix::fs::PermissionsExt;
use std::process::Command;

#[test]
fn a_serial_port_that_does_not_exist_is_named_and_the_rest_of_the_home_is_watched() {
    let world = World::configure(&Home { radio: Some("/dev/serial/by-id/usb-none".into()), ..Home::default() });
    let (_station, gateway) = (Unit::station(&world).ready(), Unit::gateway(&world).ready());
    let words = "/dev/serial/by-id/usb-none: no such port; plug the dongle in, or choose another from the output of: \
                 ls -l /dev/serial/by-id";
    gateway.wait_for_status(&["watching 3 sensors", "mqtt up", "radio DOWN", words]);
    assert!(gateway.output().contains(words), "{}", gateway.output());
    world.press();
    wait_until("the press is on the desk", PATIENCE, || world.alerts_of("call_button").len() == 1);
}

#[test]
fn a_broker_that_is_not_there_or_refuses_is_named_with_what_to_do() {
    let world = World::configure(&Home::default());
    let guarded = guarded_broker();
    let nobody = free_port();
    edit(&world, &world.home_broker.url(), &format!("mqtt://127.0.0.1:{nobody}"));
    edit(&world, &world.district_broker.url(), &guarded.url());
    let gateway = Unit::gateway(&world).ready();
    let gone = format!("mqtt: connection refused at 127.0.0.1:{nobody}; is mosquitto running?");
    let locked =
        format!("lehe: the broker at 127.0.0.1:{} does not let this client in; check user, password", guarded.port);
    gateway.wait_for_status(&["mqtt DOWN, lehe DOWN", &gone, &locked]);
    let run_dir = world.path("run");
    wait_until("`status` says the same", PATIENCE, || {
        let shown = crate::support::run(&["status", "--run-dir", run_dir.to_str().unwrap()], "").0;
        shown.contains("is mosquitto running?") && shown.contains("does not let this client in")
    });
}

/// Nobody gets in without the one password.
fn guarded_broker() -> Mosquitto {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("passwords");
    let made = Command::new("mosquitto_passwd").args(["-b", "-c"]).arg(&file).args(["home", "secret"]).status();
    assert!(made.expect("mosquitto_passwd is installed (apt-get install mosquitto)").success());
    for (path, mode) in [(folder.path(), 0o755), (&file, 0o644)] {
        std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
    }
    Mosquitto::start_in(folder, "allow_anonymous false\npassword_file {dir}/passwords\n")
}

#[test]
fn a_page_whose_port_is_taken_names_the_port_and_how_to_find_the_other_program() {
    let world = World::configure(&Home::default());
    let _other = std::net::TcpListener::bind(("127.0.0.1", world.page)).unwrap();
    let config = world.path("station.toml");
    let (code, said) = ended(carecircle(&["station", "--config", config.to_str().unwrap()]));
    assert_eq!(code, Some(1), "{said}");
    let words = format!(
        "127.0.0.1:{0}: another program listens on this port; see which one: ss -ltnp sport = :{0}",
        world.page
    );
    assert!(said.contains(&words), "{said}");
}

/// Root writes everywhere, so a test run by root starts the daemon as nobody.
#[test]
fn a_state_directory_that_cannot_be_written_is_told_to_all_and_stops_no_alert() {
    let world = World::configure(&Home::default());
    let folder = world.path("");
    std::fs::create_dir(world.path("state")).unwrap();
    std::fs::create_dir(world.path("run")).unwrap();
    let modes = [("", 0o755), ("gateway.toml", 0o644), ("state", 0o555), ("run", 0o777)];
    for (name, mode) in modes {
        std::fs::set_permissions(folder.join(name), PermissionsExt::from_mode(mode)).unwrap();
    }
    let station = Unit::station(&world).ready();
    let command = gateway_command(&world);
    let is_root = nix::unistd::geteuid().is_root();
    let command = if is_root { as_nobody(&world, &command) } else { command };
    let gateway = Unit::start(&folder, command).ready();
    let site = Site { world, gateway, station };
    site.world.wait_ready();
    site.press_and_see(1);
    let words = "permission denied; give it to the user of the daemon: chown -R carecircle:";
    site.gateway.wait_for_status(&["history not written", words]);
    wait_until("the fault is at the station", PATIENCE, || site.world.alerts_of("storage").len() == 1);
    site.gateway.wait_for_pings(2);
}

/// The binary is copied: the folder it was built in may be closed to others.
fn as_nobody(world: &World, command: &Command) -> Command {
    let binary = world.path("carecircle");
    std::fs::copy(command.get_program(), &binary).unwrap();
    let mut other = Command::new("setpriv");
    other.args(["--reuid", "65534", "--regid", "65534", "--clear-groups"]).arg(binary).args(command.get_args());
    other
}

#[test]
fn a_second_gateway_with_the_same_state_directory_ends_and_the_first_watches_on() {
    let site = Site::start(&Home::default());
    let (code, said) = ended(gateway_command(&site.world));
    assert_eq!(code, Some(1), "{said}");
    let words =
        "state: another carecircle daemon uses this directory; stop it first, or give this one a state_dir of its own";
    assert!(said.contains(words), "{said}");
    site.press_and_see(1);
    assert!(!site.gateway.output().contains("link down"), "the first one was thrown out: {}", site.gateway.output());
}

#[test]
fn a_mistyped_command_is_refused_with_the_ones_there_are() {
    let (code, said) = ended(carecircle(&["gatewy"]));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("gatewy") && said.contains("--help"), "{said}");
    let (code, said) = ended(carecircle(&[]));
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("gateway") && said.contains("station"), "{said}");
}

#[test]
fn two_gateways_of_one_home_are_named_as_what_they_probably_are() {
    let site = Site::start(&Home::default());
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let settings = client("made-up-1.lehe", &site.world.district_broker, &["nothing"]);
        let (_link, mut events) = carecircle::mqtt::start(settings, std::sync::Arc::default());
        let told = || site.gateway.output().contains("a second program uses the client id");
        let begin = carecircle::clock::since_boot();
        while !told() {
            assert!(carecircle::clock::since_boot() - begin < carecircle::model::time::Span::seconds(90), "in vain");
            tokio::time::timeout(std::time::Duration::from_millis(100), events.recv()).await.ok();
        }
    });
}
