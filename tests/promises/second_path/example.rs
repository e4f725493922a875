//! Goal: `carecircle check --online` says of a whole configuration what answers and what does not, in words. Method: the example
//! of two points that the README quotes, with nothing replaced but hosts, ports and paths, against a broker in the home, one of
//! the district, a station with its door and a modem on a pseudo terminal; each is stopped in its turn.
#![allow(clippy::unwrap_used)] // a test ends where it cannot go on

use super::certificates::{Authority, When};
use super::door::station;
use crate::support::{Mosquitto, run};
use nix::fcntl::OFlag;
use nix::pty::{PtyMaster, grantpt, posix_openpt, ptsname_r, unlockpt};
use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU8, Ordering};

const EXAMPLE: &str = include_str!("../../../config/examples/two_points.toml");

#[tokio::test]
async fn check_says_of_the_example_of_two_points_what_does_not_answer() {
    let authority = Authority::new();
    let (mut home, mut district) = (Mosquitto::start(), Mosquitto::start());
    let server = authority.server("localhost", When::Now);
    let (running, folder) = station(Some((&authority.ca(), &server))).await;
    let modem = Modem::plug_in(folder.path());
    let door = running.homes.unwrap().port();
    let mut text = EXAMPLE.to_owned();
    for (from, to) in [
        ("127.0.0.1:1883", format!("127.0.0.1:{}", home.port)),
        ("district.example:8883", format!("localhost:{}", district.port)),
        ("lehe.example:8471", format!("localhost:{door}")),
        ("/etc/carecircle/operator-ca.pem", authority.ca().display().to_string()),
        ("/etc/carecircle/home.pem", authority.home("ky-lehe-0519", When::Now).display().to_string()),
        ("/dev/serial/by-id/usb-Made-Up_Modem-if02-port0", folder.path().join("modem").display().to_string()),
    ] {
        assert!(text.contains(from), "{from}");
        text = text.replace(from, &to);
    }
    text += &format!("\n[gateway]\nstate_dir = \"{}\"\n", folder.path().display());
    let file = folder.path().join("two_points.toml");
    std::fs::write(&file, text).unwrap();
    let check = || {
        let file = file.to_str().unwrap().to_owned();
        async { tokio::task::spawn_blocking(move || run(&["check", "--online", &file], "")).await.unwrap() }
    };

    let (said, _, code) = check().await;
    let fine = "4 sensors, 2 points, 3 channels; tried: 1 serial port, 2 brokers, 1 station by HTTPS";
    assert!(code == 0 && said.contains(fine), "{code}: {said}");

    home.kill();
    let (said, _, code) = check().await;
    assert!(code != 0 && said.contains(&format!("mqtt://127.0.0.1:{}: ", home.port)), "{said}");
    assert!(said.contains("no broker listens on this port"), "{said}");
    assert_eq!(said.lines().count(), 1, "the others answer: {said}");
    home.restart();

    district.kill();
    let (said, _, code) = check().await;
    assert!(code != 0 && said.contains(&format!("mqtts://localhost:{}: ", district.port)), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    district.restart();

    modem.does(SILENT);
    let (said, _, code) = check().await;
    assert!(code != 0 && said.contains("channel \"modem\"") && said.contains("the modem does not answer"), "{said}");
    modem.does(NO_SIM);
    let (said, _, _) = check().await;
    assert!(said.contains("channel \"modem\"") && said.contains("there is no SIM"), "{said}");
    modem.does(GONE);
    std::fs::remove_file(folder.path().join("modem")).unwrap();
    let (said, _, code) = check().await;
    assert!(code != 0 && said.contains("/modem: ") && said.contains("ls /dev/serial/by-id"), "{said}");

    running.stop().await;
    let (said, _, code) = check().await;
    assert!(code != 0 && said.contains("channel \"lehe-direct\": localhost:"), "{said}");
    assert!(said.contains("nothing listens on this port"), "{said}");
}

/// How the modem is.
const WELL: u8 = 0;
const SILENT: u8 = 1;
const NO_SIM: u8 = 2;
const GONE: u8 = 3;

/// A modem that answers what it is asked of itself.
struct Modem {
    does: Arc<AtomicU8>,
    /// Wakes it when it is to go.
    pulled: File,
}

impl Modem {
    fn plug_in(folder: &Path) -> Modem {
        let ours = posix_openpt(OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC).unwrap();
        grantpt(&ours).unwrap();
        unlockpt(&ours).unwrap();
        let path = ptsname_r(&ours).unwrap();
        // Kept open, or the kernel would take the port away whenever somebody closes it.
        let theirs = File::options().read(true).write(true).open(&path).unwrap();
        let mut termios = nix::sys::termios::tcgetattr(&theirs).unwrap();
        nix::sys::termios::cfmakeraw(&mut termios);
        nix::sys::termios::tcsetattr(&theirs, nix::sys::termios::SetArg::TCSANOW, &termios).unwrap();
        std::os::unix::fs::symlink(&path, folder.join("modem")).unwrap();
        let does = Arc::new(AtomicU8::new(WELL));
        let manner = Arc::clone(&does);
        let pulled = theirs.try_clone().unwrap();
        std::thread::spawn(move || live(ours, theirs, &manner));
        Modem { does, pulled }
    }

    fn does(&self, what: u8) {
        self.does.store(what, Ordering::Relaxed);
        if what == GONE {
            (&self.pulled).write_all(b"\r").ok();
        }
    }
}

impl Drop for Modem {
    fn drop(&mut self) {
        self.does(GONE);
    }
}

fn live(mut ours: PtyMaster, theirs: File, does: &AtomicU8) {
    let (mut line, mut bytes) = (Vec::new(), [0; 512]);
    while does.load(Ordering::Relaxed) != GONE {
        let Ok(count) = ours.read(&mut bytes) else { return };
        for byte in &bytes[..count] {
            if *byte != b'\r' {
                line.push(*byte);
                continue;
            }
            let command = String::from_utf8_lossy(&std::mem::take(&mut line)).replace('\u{1b}', "");
            let answer = match (does.load(Ordering::Relaxed), command.as_str()) {
                (SILENT | GONE, _) | (_, "") => continue,
                (NO_SIM, "AT+CPIN?") => "\r\n+CME ERROR: 10\r\n",
                (_, "AT+CPIN?") => "\r\n+CPIN: READY\r\n\r\nOK\r\n",
                (_, "AT+CREG?") => "\r\n+CREG: 0,1\r\n\r\nOK\r\n",
                (_, "AT+CSQ") => "\r\n+CSQ: 17,99\r\n\r\nOK\r\n",
                (_, _) => "\r\nOK\r\n",
            };
            ours.write_all(answer.as_bytes()).ok();
        }
    }
    drop(theirs);
}
