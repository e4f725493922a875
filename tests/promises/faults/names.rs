//! Row 8: whoever is to tell where the broker is does not answer.

use super::ledger::Ledger;
use crate::second_path::certificates::{Authority, When};
use crate::service::unit::{Unit, gateway_command};
use crate::support::{free_port, wait_until};
use crate::world::{Home, PATIENCE, World};
use carecircle::clock;
use carecircle::model::time::Span;
use std::net::UdpSocket;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// From the decision to the desk by the second path.
const BY_SECOND_PATH: Span = Span::seconds(30);

#[test]
fn names_that_nobody_answers_hold_no_alert_back_and_bind_few_threads() {
    // Only root may serve names; elsewhere the same is root in a user namespace, where the test itself would have to live.
    let Ok(resolver) = UdpSocket::bind("127.0.0.53:53") else {
        eprintln!("row 8: cannot run here: this user may not listen at the port of names");
        return;
    };
    let asked = Arc::new(AtomicUsize::new(0));
    let counted = asked.clone();
    std::thread::spawn(move || {
        let mut bytes = [0; 512];
        while resolver.recv(&mut bytes).is_ok() {
            counted.fetch_add(1, Ordering::Relaxed);
        }
    });
    let (authority, door) = (Authority::new(), free_port());
    let mut world = World::configure(&Home::default());
    let (ca, home) = (authority.ca().display().to_string(), authority.home("made-up-1", When::Now));
    change(&world, "gateway.toml", |text| {
        let far = "mqtt://broker.district.example:1883\", plaintext = true, network_is_ours = true }";
        let text = text.replace(&format!("{}\" }}", world.district_broker.url()), far);
        let text = text.replace("channels = [\"lehe\"]", "channels = [\"lehe\", \"past\"]");
        let home = home.display();
        format!(
            "{text}\n[[channel]]\nname = \"past\"\nstation_https = {{ url = \"https://localhost:{door}\", ca = \"{ca}\", credentials = \"{home}\" }}\n"
        )
    });
    let server = authority.server("localhost", When::Now);
    change(&world, "station.toml", |text| {
        let server = server.display();
        format!("{text}\n[homes]\nlisten = \"127.0.0.1:{door}\"\nca = \"{ca}\"\ncredentials = \"{server}\"\n")
    });
    world.start_station();
    std::fs::write(world.path("resolv.conf"), "nameserver 127.0.0.53\n").unwrap();
    let inner = gateway_command(&world);
    let mut command = Command::new("unshare");
    command.args(["-m", "sh", "-c", "mount --bind \"$1\" /etc/resolv.conf && shift && exec \"$@\"", "sh"]);
    command.arg(world.path("resolv.conf")).arg(inner.get_program()).args(inner.get_args()).env("NO_COLOR", "1");
    let gateway = Unit::start(&world.path(""), command).ready();
    let is_up = |name: &str| {
        let status = world.status().unwrap_or_default();
        let links = status["links"].as_array().cloned().unwrap_or_default();
        links.iter().any(|link| link["name"] == name && link["up"] == true)
    };
    wait_until("the second path is open", PATIENCE, || is_up("past") && is_up("mqtt"));
    wait_until("the name is asked for", PATIENCE, || asked.load(Ordering::Relaxed) > 0);
    let began = clock::since_boot();
    let mut ledger = Ledger::default();
    ledger.press(&world);
    ledger.wait_shown(&world);
    let late = clock::since_boot() - began;
    assert!(late <= BY_SECOND_PATH, "{late}");
    let threads = std::fs::read_dir(format!("/proc/{}/task", gateway.pid())).unwrap().count();
    eprintln!(
        "row 8: {}; {threads} threads after {} questions without an answer",
        ledger.figures(&world),
        asked.load(Ordering::Relaxed)
    );
    assert!(threads <= 12, "{threads} threads");
}

fn change(world: &World, file: &str, change: impl Fn(&str) -> String) {
    let text = std::fs::read_to_string(world.path(file)).unwrap();
    std::fs::write(world.path(file), change(&text)).unwrap();
}
