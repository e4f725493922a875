//! TLS to the station's broker fails closed, and says which certificate is wrong.

use super::{down, next, readable, settings, start};
use crate::support::Mosquitto;
use carecircle::mqtt::{Event, Settings, Tls};
use std::path::Path;
use std::process::Command;
use tempfile::TempDir;

const LISTENER: &str = "allow_anonymous false\nrequire_certificate true\nuse_identity_as_username true\n\
    tls_version tlsv1.3\ncafile {dir}/ca.pem\ncertfile {dir}/broker.pem\nkeyfile {dir}/broker.key\n";

/// An authority, a broker's certificate for `name` valid for `days`, and a home's, all in a folder.
fn authority(name: &str, days: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let at = folder.path();
    let request = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl(
        at,
        &[&request[..], &["-x509", "-days", "9", "-subj", "/CN=circle", "-keyout", "ca.key", "-out", "ca.pem"]]
            .concat(),
    );
    for (who, subject, extension, days) in [
        ("broker", "/CN=broker", format!("subjectAltName={name}"), days),
        ("home", "/CN=ky-0412", "extendedKeyUsage=clientAuth".to_owned(), "9"),
    ] {
        let (key, csr, pem) = (format!("{who}.key"), format!("{who}.csr"), format!("{who}.pem"));
        openssl(at, &[&request[..], &["-subj", subject, "-keyout", &key, "-out", &csr]].concat());
        std::fs::write(at.join("extension"), extension).unwrap();
        let sign = ["x509", "-req", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extension"];
        openssl(at, &[&sign[..], &["-in", &csr, "-days", days, "-out", &pem]].concat());
    }
    readable(at);
    folder
}

fn openssl(folder: &Path, arguments: &[&str]) {
    let output = Command::new("openssl").current_dir(folder).args(arguments).output().expect("openssl is installed");
    assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn read(folder: &TempDir, files: &[&str]) -> Vec<u8> {
    files.iter().flat_map(|file| std::fs::read(folder.path().join(file)).unwrap()).collect()
}

fn over_tls(broker: &Mosquitto, host: &str, ca: Vec<u8>, identity: Option<Vec<u8>>) -> Settings {
    let tls = Some(Tls { ca, identity });
    Settings { tls, ..settings("home", &format!("mqtts://{host}:{}", broker.port), &["x"]) }
}

#[tokio::test]
async fn a_home_with_its_certificate_gets_in_and_every_wrong_certificate_is_named() {
    let (good, other) = (authority("DNS:localhost,IP:127.0.0.1", "9"), authority("DNS:localhost", "9"));
    let ca = read(&good, &["ca.pem"]);
    let identity = read(&good, &["home.pem", "home.key"]);
    let stranger = read(&other, &["home.pem", "home.key"]);
    let foreign_ca = read(&other, &["ca.pem"]);
    let broker = Mosquitto::start_in(good, LISTENER);

    let (link, mut events) = start(over_tls(&broker, "localhost", ca.clone(), Some(identity.clone())));
    assert_eq!(next(&mut events).await, Event::Up);
    assert_eq!(link.publish("x", b"1".to_vec(), false).await, Ok(()));
    link.stop();

    let (_link, mut events) = start(over_tls(&broker, "127.0.0.1", ca.clone(), Some(identity.clone())));
    assert_eq!(next(&mut events).await, Event::Up);

    for (settings, words) in [
        (
            over_tls(&broker, "localhost", foreign_ca, Some(identity.clone())),
            "not signed by the authority in the key ca",
        ),
        (over_tls(&broker, "localhost", ca.clone(), Some(stranger)), "refuses our certificate"),
        (over_tls(&broker, "localhost", ca.clone(), None), "refuses our certificate"),
        (settings("plain", &broker.url(), &["x"]), "closed the connection"),
    ] {
        let (_link, mut events) = start(settings);
        let why = down(&mut events).await;
        assert!(why.contains(words), "{why}");
    }
}

#[tokio::test]
async fn a_broker_under_another_name_or_with_an_expired_certificate_is_not_spoken_to() {
    for (name, days, words) in
        [("DNS:elsewhere.example", "9", "belongs to another name"), ("DNS:localhost", "-1", "has expired")]
    {
        let folder = authority(name, days);
        let (ca, identity) = (read(&folder, &["ca.pem"]), read(&folder, &["home.pem", "home.key"]));
        let broker = Mosquitto::start_in(folder, LISTENER);
        let (_link, mut events) = start(over_tls(&broker, "localhost", ca, Some(identity)));
        let why = down(&mut events).await;
        assert!(why.contains(words), "{why}");
    }
}
