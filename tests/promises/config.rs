//! The configuration: what is wrong is found, all of it at once, with line, column and what to do.

#![allow(clippy::unwrap_used, clippy::print_stdout)] // a test may panic, and prints its seeds

use crate::support::free_port;
use carecircle::config::{self, For};
use carecircle::problem::{Kind, Problem};
use std::path::{Path, PathBuf};
use std::process::Command;

/// Every file of `tests/wrong` gives exactly the words in the `.txt` beside it. `UPDATE_GOLDEN=1` writes them anew.
#[test]
fn every_wrong_file_says_what_is_wrong_and_what_to_do() {
    let files = toml_files("tests/wrong");
    assert!(files.len() >= 30, "only {} wrong files", files.len());
    let mut differing = Vec::new();
    for file in files {
        let said = words(&file);
        let golden = file.with_extension("txt");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&golden, &said).unwrap();
        }
        if std::fs::read_to_string(&golden).unwrap_or_default() != said {
            differing.push(format!("{}\n{said}", file.display()));
        }
        assert!(!said.is_empty(), "{} was taken without a word", file.display());
    }
    assert!(differing.is_empty(), "UPDATE_GOLDEN=1 writes these anew:\n{}", differing.join("\n"));
}

#[test]
fn every_example_is_taken_without_a_word() {
    let files = toml_files("config/examples");
    assert!(files.len() >= 3);
    for file in files {
        assert_eq!(words(&file), "", "{}", file.display());
    }
}

#[test]
fn a_secret_is_never_repeated() {
    for file in toml_files("tests/wrong") {
        let said = words(&file);
        assert!(!said.contains("geheim"), "{}: {said}", file.display());
    }
}

#[test]
fn no_text_at_all_makes_the_reader_panic() {
    let seed = 20_261_121_u64;
    println!("seed {seed}");
    let mut random = seed;
    let mut next = |below: usize| {
        random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (random >> 33) as usize % below
    };
    let sources: Vec<String> =
        toml_files("config/examples").iter().map(|file| std::fs::read_to_string(file).unwrap()).collect();
    for _ in 0..2000 {
        let mut text: Vec<char> = sources[next(sources.len())].chars().collect();
        for _ in 0..1 + next(4) {
            let (at, junk) =
                (next(text.len()), ['"', '[', ']', '=', '{', '\n', '#', '.', '0', 'é', '\u{0}', ','][next(12)]);
            match next(3) {
                0 => text[at] = junk,
                1 => text.insert(at, junk),
                _ => drop(text.drain(at..(at + 1 + next(40)).min(text.len()))),
            }
        }
        let text: String = text.into_iter().collect();
        let (gateway, problems) = config::gateway("x.toml", &text);
        assert!(gateway.is_some() || !problems.is_empty(), "seed {seed}: refused without a word:\n{text}");
        let (station, problems) = config::station("x.toml", &text);
        assert!(station.is_some() || !problems.is_empty(), "seed {seed}: refused without a word:\n{text}");
    }
}

#[test]
fn a_site_file_wins_and_its_problems_name_it() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("gateway.toml");
    std::fs::copy("config/examples/one_room_flat.toml", &path).unwrap();
    std::fs::create_dir(dir.path().join("conf.d")).unwrap();
    let site = dir.path().join("conf.d/site.toml");
    std::fs::write(dir.path().join("conf.d/notes.txt"), "not for us").unwrap();
    std::fs::write(
        &site,
        "[home]\nplace = \"5栋1单元101\"\n\n[[sensor]]\nid = \"bath_pir\"\nroom = \"toilet\"\nkind = \"motion\"\n\
         zigbee2mqtt = \"new_pir\"\n\n[[sensor]]\nid = \"door\"\nkind = \"outer_door\"\nzigbee2mqtt = \"door\"\n",
    )
    .unwrap();
    let (gateway, problems) = config::load_gateway(&path);
    let gateway = gateway.unwrap_or_else(|| panic!("{problems:?}"));
    assert_eq!(gateway.home.place, "5栋1单元101");
    let rooms: Vec<_> =
        gateway.home.sensors.values().map(|s| (s.id.as_str(), s.room.as_ref().map(|room| room.as_str()))).collect();
    assert_eq!(rooms, [("bath_pir", Some("toilet")), ("door", None), ("pendant", None), ("room_pir", Some("room"))]);
    // What was kept of a good configuration can be read again, and is the same.
    let (kept, _) = config::gateway_from_texts(&config::texts(&path).unwrap());
    assert_eq!(kept, Some(gateway));

    // The packaged file may stay as it is: all that a site needs can stand in its own.
    let site_only = tempfile::tempdir().unwrap();
    let packaged = site_only.path().join("gateway.toml");
    std::fs::copy("config/gateway.toml", &packaged).unwrap();
    std::fs::create_dir(site_only.path().join("conf.d")).unwrap();
    std::fs::copy("config/examples/two_floors.toml", site_only.path().join("conf.d/site.toml")).unwrap();
    assert_eq!(check(&[packaged.to_str().unwrap()]).0, Some(0));

    std::fs::write(&site, "[home]\nplcae = \"x\"\n").unwrap();
    let (gateway, problems) = config::load_gateway(&path);
    assert_eq!(gateway, None);
    assert!(problems[0].to_string().contains("conf.d/site.toml:2:1: [home] has no key \"plcae\""), "{}", problems[0]);
}

#[test]
fn a_file_that_cannot_be_read_is_a_problem_in_words() {
    let dir = tempfile::tempdir().unwrap();
    let missing = dir.path().join("gateway.toml");
    let said = |path: &Path| config::load_gateway(path).1[0].to_string();
    assert!(said(&missing).contains("there is no such file; correct the path"), "{}", said(&missing));
    std::fs::write(&missing, [b"[home]\nid = \"".as_slice(), &[0xC0, 0xD6], b"\"\n"].concat()).unwrap();
    assert!(said(&missing).contains("line 2 is not UTF-8 text; save the file as UTF-8"), "{}", said(&missing));
    std::fs::write(&missing, "x = 1 # ".to_owned() + &"x".repeat(1024 * 1024)).unwrap();
    assert!(said(&missing).contains("longer than any configuration"), "{}", said(&missing));
}

#[test]
fn check_says_fine_or_78() {
    let fine = check(&["config/examples/one_room_flat.toml", "config/examples/station_with_two_desks.toml"]);
    assert_eq!(fine.0, Some(0), "{}", fine.1);
    assert!(fine.1.contains("one_room_flat.toml: fine: 3 sensors, 1 point, 1 channel\n"), "{}", fine.1);
    assert!(fine.1.contains("fine: service point lehe, 5 people"), "{}", fine.1);
    let wrong = check(&["tests/wrong/unknown_zone.toml", "config/examples/one_room_flat.toml"]);
    assert_eq!(wrong.0, Some(78));
    assert!(wrong.1.contains("unknown_zone.toml:4:13: time zone") && wrong.1.contains("fine:"), "{}", wrong.1);
    // A warning is no reason to refuse.
    assert_eq!(check(&["tests/wrong/too_far.toml"]).0, Some(0));
}

#[test]
fn check_online_names_what_the_world_refuses() {
    let dir = tempfile::tempdir().unwrap();
    let taken = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let nobody = std::net::TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let (no_dir, no_tty) = (dir.path().join("a_file"), dir.path().join("no_tty"));
    std::fs::write(&no_dir, "").unwrap();
    std::fs::write(&no_tty, "").unwrap();

    let station = std::fs::read_to_string("config/examples/station_with_two_desks.toml").unwrap();
    let station = station
        .replace(
            "127.0.0.1:8470\"",
            &format!("{}\"\nstate_dir = \"{}\"", taken.local_addr().unwrap(), no_dir.display()),
        )
        .replace("mqtt://127.0.0.1:1883", &format!("mqtt://127.0.0.1:{nobody}"));
    let path = dir.path().join("station.toml");
    std::fs::write(&path, station).unwrap();
    let (code, said) = check(&["--online", path.to_str().unwrap()]);
    assert_eq!(code, Some(78));
    for words in ["another program listens on this port", "no broker listens on this port", "this is not a directory"] {
        assert!(said.contains(words), "{words:?} is missing in:\n{said}");
    }

    let gateway = std::fs::read_to_string("config/examples/two_floors.toml").unwrap();
    let gateway = gateway
        .replace("/dev/serial/by-id/usb-1a86_USB_Serial-if00-port0", no_tty.to_str().unwrap())
        .replace("mqtt://127.0.0.1:1883", "mqtts://no-such-host.invalid")
        + &format!("\n[gateway]\nstate_dir = \"{}/state\"\n", dir.path().display());
    let path = dir.path().join("gateway.toml");
    std::fs::write(&path, gateway).unwrap();
    let (code, said) = check(&["--online", path.to_str().unwrap()]);
    assert_eq!(code, Some(78));
    for words in [
        "there is no such serial port",
        "this is no serial port",
        "no-such-host.invalid\" is not known",
        "mqtt-password",
    ] {
        assert!(said.contains(words), "{words:?} is missing in:\n{said}");
    }
    assert!(!dir.path().join("state").exists(), "check made a directory");
}

/// Units of systemd: clean to the last warning, and as closed as they were measured.
#[test]
fn the_units_are_clean_and_closed() {
    for unit in ["carecircle-gateway.service", "carecircle-station.service"] {
        let dir = tempfile::tempdir().unwrap();
        let text = std::fs::read_to_string(Path::new("systemd").join(unit)).unwrap();
        // The program need not be installed for the test.
        let text = text.replace("/usr/bin/carecircle", env!("CARGO_BIN_EXE_carecircle"));
        let path = dir.path().join(unit);
        std::fs::write(&path, &text).unwrap();
        let verified = systemd_analyze(&["verify", "--man=no", path.to_str().unwrap()]);
        assert_eq!((verified.0, verified.2.as_str()), (true, ""), "{unit}");
        let secure =
            systemd_analyze(&["security", "--offline=true", "--threshold=15", "--no-pager", path.to_str().unwrap()]);
        let score = secure.1.lines().rfind(|line| line.contains("exposure level")).unwrap_or_default();
        println!("{unit}: {score}");
        assert!(secure.0, "{unit}: {}", secure.1);
        for line in text.lines().filter(|line| line.contains('=') && !line.starts_with('#')) {
            assert!(!line.contains(" #"), "{unit}: a comment behind a value becomes part of it: {line}");
        }
    }
}

/// The home's broker takes the gateway on loopback; a sensor on the home's network reaches its own topics only.
#[test]
fn the_mosquitto_snippets_of_a_home_let_sensors_reach_their_own_topics_only() {
    let dir = tempfile::tempdir().unwrap();
    let loopback = Mosquitto::start(dir.path(), "home-loopback.conf", &[("1883", free_port())]);
    assert!(loopback.hears("-p 1883", "zigbee2mqtt/hall", "-p 1883", "zigbee2mqtt/hall"));
    drop(loopback);

    let passwords = dir.path().join("carecircle-home.passwd");
    let made =
        Command::new("mosquitto_passwd").args(["-b", "-c", passwords.to_str().unwrap(), "kitchen", "pw"]).status();
    assert!(made.expect("mosquitto_passwd (Debian package mosquitto)").success());
    let lan = Mosquitto::start(dir.path(), "home-lan.conf", &[("1883", free_port()), ("1884", free_port())]);
    let (gateway, kitchen) = ("-p 1883", "-p 1884 -u kitchen -P pw");
    assert!(lan.hears(gateway, "sensors/kitchen/leak", kitchen, "sensors/kitchen/leak"));
    for foreign in ["sensors/bath/leak", "carecircle/v1/x/up/y/notice"] {
        assert!(!lan.hears(gateway, foreign, kitchen, foreign), "a sensor wrote to {foreign}");
    }
    assert!(!lan.hears(gateway, "sensors/kitchen/leak", "-p 1884", "sensors/kitchen/leak"), "without a password");
}

/// A home writes upwards and reads downwards below its own name, and nothing else.
#[test]
fn the_district_broker_keeps_homes_apart() {
    let dir = tempfile::tempdir().unwrap();
    let names = ["broker", "ky-lehe-0412", "ky-dongfeng-0077", "station-lehe"];
    certificates(dir.path(), &names);
    let broker = Mosquitto::start(dir.path(), "district.conf", &[("8883", free_port())]);
    let client = |name: &str| {
        let dir = dir.path().display();
        format!("-p 8883 --insecure --cafile {dir}/operator-ca.pem --cert {dir}/{name}.pem --key {dir}/{name}-key.pem")
    };
    let (home, other, station) = (client("ky-lehe-0412"), client("ky-dongfeng-0077"), client("station-lehe"));
    let may = |reader: &str, writer: &str, topic: &str| broker.hears(reader, topic, writer, topic);
    let (up, down) = ("carecircle/v1/ky-lehe-0412/up/lehe/notice", "carecircle/v1/ky-lehe-0412/down/receipt");
    assert!(may(&station, &home, up), "a home cannot reach its station");
    assert!(may(&home, &station, down), "a station cannot reach its home");
    assert!(!may(&station, &other, up), "a home speaks for another one");
    assert!(!may(&home, &home, down), "a home forges its own receipt");
    assert!(!may(&other, &station, down), "a home reads what another one is told");
    assert!(!may(&station, "-p 8883", up), "a stranger without a certificate is heard");
}

fn systemd_analyze(args: &[&str]) -> (bool, String, String) {
    let output = Command::new("systemd-analyze")
        .args(args)
        .output()
        .expect("systemd-analyze is needed; as root: apt-get install systemd");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    (output.status.success(), text(&output.stdout), text(&output.stderr))
}

fn check(args: &[&str]) -> (Option<i32>, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_carecircle")).arg("check").args(args).output().unwrap();
    (output.status.code(), String::from_utf8(output.stdout).unwrap())
}

/// All problems of a file, as `check` prints them.
fn words(file: &Path) -> String {
    let source = std::fs::read_to_string(file).unwrap();
    let name = file.file_name().unwrap().to_str().unwrap();
    let problems: Vec<Problem> = match config::is_for(name, &source) {
        Err(problems) => problems,
        Ok(For::Gateway) => {
            let (config, problems) = config::gateway(name, &source);
            assert_eq!(config.is_none(), has_errors(&problems), "{name}");
            problems
        }
        Ok(For::Station) => {
            let (config, problems) = config::station(name, &source);
            assert_eq!(config.is_none(), has_errors(&problems), "{name}");
            problems
        }
    };
    problems.iter().map(|problem| format!("{problem}\n")).collect()
}

fn has_errors(problems: &[Problem]) -> bool {
    problems.iter().any(|problem| problem.kind == Kind::Error)
}

fn toml_files(dir: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = std::fs::read_dir(dir)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "toml"))
        .collect();
    files.sort();
    files
}

/// A real mosquitto with one of our snippets; ends with the value.
struct Mosquitto {
    child: std::process::Child,
    ports: Vec<(&'static str, u16)>,
}

impl Mosquitto {
    fn start(dir: &Path, snippet: &str, ports: &[(&'static str, u16)]) -> Mosquitto {
        let mut text = std::fs::read_to_string(Path::new("config/mosquitto").join(snippet)).unwrap();
        for (written, port) in ports {
            text = text.replace(&format!("listener {written}"), &format!("listener {port}"));
        }
        let here = dir.display().to_string();
        let user = Command::new("id").arg("-un").output().unwrap().stdout;
        let text = text.replace("192.168.1.10", "127.0.0.1").replace("/etc/mosquitto/carecircle/", &format!("{here}/"))
            .replace("/etc/mosquitto/", &format!("{here}/"))
            // A list of certificates taken back is tried in `enrolment`.
            .replace("\ncrlfile ", "\n# crlfile ")
            // mosquitto gives up root for a user that cannot read a test's directory.
            + &format!("\nuser {}", String::from_utf8_lossy(&user));
        for (acl, name) in [("home-lan.acl", "carecircle-home.acl"), ("district.acl", "carecircle.acl")] {
            std::fs::copy(Path::new("config/mosquitto").join(acl), dir.join(name)).unwrap();
        }
        let path = dir.join(snippet);
        std::fs::write(&path, text).unwrap();
        let child = Command::new("/usr/sbin/mosquitto")
            .args(["-c", path.to_str().unwrap()])
            .stderr(std::fs::File::create(dir.join("mosquitto.log")).unwrap())
            .spawn()
            .expect("mosquitto is needed; as root: apt-get install mosquitto mosquitto-clients");
        let broker = Mosquitto { child, ports: ports.to_vec() };
        for (_, port) in ports {
            let is_up = (0..200).any(|_| {
                std::thread::sleep(std::time::Duration::from_millis(25));
                std::net::TcpStream::connect(("127.0.0.1", *port)).is_ok()
            });
            assert!(is_up, "{}", std::fs::read_to_string(dir.join("mosquitto.log")).unwrap());
        }
        broker
    }

    /// Whether `reader` hears within a moment what `writer` sends again and again.
    fn hears(&self, reader: &str, filter: &str, writer: &str, topic: &str) -> bool {
        let seconds = "2";
        let mut listening = self
            .client("mosquitto_sub", reader)
            .args(["-t", filter, "-C", "1", "-W", seconds, "-q", "1"])
            .stdout(std::process::Stdio::null())
            .stderr(std::process::Stdio::null())
            .spawn()
            .expect("mosquitto_sub is needed; as root: apt-get install mosquitto-clients");
        loop {
            let mut sender = self.client("mosquitto_pub", writer);
            sender.args(["-t", topic, "-m", "x", "-q", "1"]).stderr(std::process::Stdio::null());
            // What is refused is silent at the sender, too.
            drop(sender.status());
            if let Some(status) = listening.try_wait().unwrap() {
                return status.success();
            }
        }
    }

    fn client(&self, program: &str, options: &str) -> Command {
        let mut command = Command::new(program);
        for word in options.split(' ') {
            let port = self.ports.iter().find(|(written, _)| *written == word).map(|(_, port)| port.to_string());
            command.arg(port.as_deref().unwrap_or(word));
        }
        command.args(["-h", "127.0.0.1"]);
        command
    }
}

impl Drop for Mosquitto {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// An authority and certificates for these names.
fn certificates(dir: &Path, names: &[&str]) {
    let openssl = |args: &str| {
        let words = args.split(' ').map(|word| word.replace("DIR", dir.to_str().unwrap()));
        let output = Command::new("openssl").args(words).output().expect("openssl (Debian package openssl)");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    };
    let key = "-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
    openssl(&format!("req -x509 {key} -subj /CN=operator -keyout DIR/ca-key.pem -out DIR/operator-ca.pem"));
    for name in names {
        openssl(&format!("req {key} -subj /CN={name} -keyout DIR/{name}-key.pem -out DIR/{name}.csr"));
        openssl(&format!(
            "x509 -req -days 2 -in DIR/{name}.csr -CA DIR/operator-ca.pem -CAkey DIR/ca-key.pem -CAcreateserial -out DIR/{name}.pem"
        ));
    }
}
