//! Servers that answer, hang, send elsewhere, speak no HTTP or show a wrong certificate. Certificates are made by openssl.

use super::*;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::process::Command;
use tempfile::TempDir;

/// A server for one connection, which then does `what` with it.
fn server(what: impl FnOnce(std::net::TcpStream) + Send + 'static) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    std::thread::spawn(move || what(listener.accept().unwrap().0));
    format!("http://127.0.0.1:{port}/take?key=a-made-up-key-of-a-robot")
}

/// Reads one request with its body and returns both.
pub fn request(stream: impl Read) -> (String, String) {
    let (mut reader, mut head, mut length) = (BufReader::new(stream), String::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        if let Some((_, value)) = line.split_once(':').filter(|(name, _)| name.eq_ignore_ascii_case("content-length")) {
            length = value.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
        head.push_str(&line);
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    (head, String::from_utf8(body).unwrap())
}

fn answering(answer: &'static str) -> String {
    server(move |mut stream| {
        request(&stream);
        stream.write_all(answer.as_bytes()).unwrap();
    })
}

async fn post(url: &str, deadline: Duration) -> Result<Answer, NotDelivered> {
    let way = Way::new("the address", url, None).unwrap().within(deadline);
    way.post("", Vec::new(), b"{}".to_vec()).await
}

async fn words(url: &str) -> String {
    let Err(NotDelivered::Later(why)) = post(url, Duration::from_secs(9)).await else { panic!("it was answered") };
    assert!(!why.contains("a-made-up-key"), "{why}");
    why
}

#[tokio::test]
async fn an_answer_comes_with_status_body_and_the_servers_clock() {
    let url =
        answering("HTTP/1.1 400 Bad Request\r\nDate: Sun, 22 Nov 2026 08:49:37 GMT\r\nContent-Length: 2\r\n\r\nno");
    let answer = post(&url, DEADLINE).await.unwrap();
    assert_eq!((answer.status, answer.body.as_slice()), (400, &b"no"[..]));
    assert_eq!(answer.date.unwrap().to_rfc3339(), "2026-11-22T08:49:37+00:00");
    assert!(matches!(answer.is_taken("h"), Err(NotDelivered::Never(_))));
    let url = answering("HTTP/1.1 200 OK\r\nDate: Thu, 01 Jan 1970 00:00:07 GMT\r\nContent-Length: 0\r\n\r\n");
    let answer = post(&url, DEADLINE).await.unwrap();
    assert_eq!((answer.is_taken("h"), answer.date), (Ok(()), None), "a clock that cannot be right is none");
}

#[tokio::test]
async fn a_redirect_is_not_followed() {
    let elsewhere = TcpListener::bind("127.0.0.1:0").unwrap();
    elsewhere.set_nonblocking(true).unwrap();
    let to = format!("http://{}/", elsewhere.local_addr().unwrap());
    for status in ["301 Moved", "302 Found", "307 Temporary Redirect", "308 Permanent Redirect"] {
        let to = to.clone();
        let url = server(move |mut stream| {
            request(&stream);
            write!(stream, "HTTP/1.1 {status}\r\nLocation: {to}\r\nContent-Length: 0\r\n\r\n").unwrap();
        });
        let answer = post(&url, DEADLINE).await.unwrap();
        let Err(NotDelivered::Never(why)) = answer.is_taken("server.example") else { panic!("{answer:?}") };
        assert!(why.contains("not followed"), "{why}");
    }
    assert!(elsewhere.accept().is_err(), "somebody went there");
}

#[tokio::test]
async fn what_hangs_trickles_floods_or_breaks_off_is_given_up_and_nothing_of_the_address_is_told() {
    let short = Duration::from_millis(300);
    let hangs = server(|stream| {
        request(&stream);
        std::thread::park();
    });
    let Err(NotDelivered::Later(why)) = post(&hangs, short).await else { panic!() };
    assert!(why.contains("no answer"), "{why}");
    let trickles = server(|mut stream| {
        let mut answer = b"HTTP/1.1 200 OK\r\nContent-Length: 9999\r\n\r\n".iter().chain(std::iter::repeat(&b'x'));
        while let Some(byte) = answer.next().filter(|byte| stream.write_all(&[**byte]).is_ok()) {
            // The slowness is the fault that is shown; nothing waits here for a result.
            std::thread::sleep(Duration::from_millis(10 * u64::from(*byte == b'x')));
        }
    });
    let Err(NotDelivered::Later(why)) = post(&trickles, short).await else { panic!() };
    assert!(why.contains("no answer"), "{why}");
    let floods = server(|mut stream| {
        request(&stream);
        let body = vec![b'x'; 1_000_000];
        write!(stream, "HTTP/1.1 200 OK\r\nContent-Length: {}\r\n\r\n", body.len()).unwrap();
        stream.write_all(&body).ok();
    });
    assert!(words(&floods).await.contains("far too long"));
    assert!(words(&server(drop)).await.contains("closed without an answer"));
    assert!(words(&answering("220 mail.example ESMTP\r\n")).await.contains("no HTTP"));
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let refused = words(&format!("http://{nobody}/take?key=a-made-up-key-of-a-robot")).await;
    assert!(refused.contains("nothing listens"), "{refused}");
}

#[test]
fn an_address_is_encrypted_or_near_and_a_wrong_one_says_why() {
    let near =
        ["http://localhost:1/", "http://127.0.0.1/", "http://[::1]:80/", "http://192.168.1.5/api", "http://10.0.0.9"];
    for url in near.into_iter().chain(["https://server.example/x", "https://203.0.113.9/"]) {
        assert!(Way::new("a", url, None).is_ok(), "{url}");
    }
    let why = |url: &str| Way::new("the address of x", url, None).unwrap_err().to_string();
    for url in ["http://server.example/", "http://203.0.113.9/", "ftp://server.example/", "http://localhost.example/"] {
        assert!(why(url).contains("not encrypted"), "{url}: {}", why(url));
    }
    assert!(why("server.example/secret-key-here").contains("no address"));
    assert!(!why("https://").is_empty() && !why("").is_empty() && !why("/x").is_empty());
    assert!(why("https://me:secret@server.example/").contains("header_files"));
    let way = Way::new("a", "https://server.example/bot/hook/0123456789ab?key=abcdefabcdef", None).unwrap();
    assert_eq!(way.secrets().collect::<Vec<_>>(), ["0123456789ab", "abcdefabcdef"]);
}

#[test]
fn the_first_line_of_a_file_is_what_counts() {
    let file = tempfile::NamedTempFile::new().unwrap();
    let line = |text: &[u8]| {
        std::fs::write(file.path(), text).unwrap();
        first_line(file.path())
    };
    assert_eq!(line(b" https://x/ \r\nmore").unwrap(), "https://x/");
    assert!(line(b"\nx").unwrap_err().to_string().contains("is empty"));
    assert!(line(b"\xff").unwrap_err().to_string().contains("no text"));
}

/// An authority and a server's certificate for `name`, valid for `days`, in a folder.
fn authority(name: &str, days: &str) -> TempDir {
    let folder = tempfile::tempdir().unwrap();
    let openssl = |arguments: &[&str]| {
        let output = Command::new("openssl").current_dir(folder.path()).args(arguments).output().unwrap();
        assert!(output.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
    };
    let request = ["req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    openssl(
        &[&request[..], &["-x509", "-days", "9", "-subj", "/CN=own", "-keyout", "ca.key", "-out", "ca.pem"]].concat(),
    );
    openssl(&[&request[..], &["-subj", "/CN=server", "-keyout", "server.key", "-out", "server.csr"]].concat());
    std::fs::write(folder.path().join("extension"), format!("subjectAltName={name}")).unwrap();
    let sign = ["x509", "-req", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-extfile", "extension"];
    openssl(&[&sign[..], &["-in", "server.csr", "-days", days, "-out", "server.pem"]].concat());
    folder
}

/// Answers one request over TLS; the address it listens on.
fn tls_server(folder: &TempDir) -> String {
    let chain = CertificateDer::pem_file_iter(folder.path().join("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(folder.path().join("server.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let plain = server(move |stream| {
        let connection = rustls::ServerConnection::new(Arc::new(config)).unwrap();
        let mut stream = rustls::StreamOwned::new(connection, stream);
        // A client that does not believe the certificate ends here.
        let mut byte = [0; 1];
        if stream.read_exact(&mut byte).is_ok() {
            request((&byte[..]).chain(&mut stream));
            stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap();
            stream.conn.send_close_notify();
            stream.flush().unwrap();
        }
    });
    plain.replace("http://127.0.0.1", "https://localhost")
}

#[tokio::test]
async fn a_server_of_ones_own_is_believed_by_its_authority_alone() {
    let (own, other) = (authority("DNS:localhost", "9"), authority("DNS:localhost", "9"));
    let ca = |folder: &TempDir| folder.path().join("ca.pem");
    let way = |url: &str, ca: Option<&Path>| Way::new("the address", url, ca).unwrap();
    let answer = way(&tls_server(&own), Some(&ca(&own))).post("", Vec::new(), b"{}".to_vec()).await.unwrap();
    assert_eq!(answer.status, 204);
    assert_eq!(way(&tls_server(&own), Some(&ca(&own))).probe().await, Ok(()));

    let elsewhere = authority("DNS:elsewhere.example", "9");
    let expired = authority("DNS:localhost", "-1");
    for (server, ca, words) in [
        (&own, Some(ca(&other)), "nobody this machine believes"),
        (&own, None, "nobody this machine believes"),
        (&elsewhere, Some(ca(&elsewhere)), "another name"),
        (&expired, Some(ca(&expired)), "expired"),
    ] {
        let refused = way(&tls_server(server), ca.as_deref()).post("", Vec::new(), b"{}".to_vec()).await;
        let Err(NotDelivered::Later(why)) = refused else { panic!("{refused:?}") };
        // A machine without a store of authorities believes nobody either.
        assert!(why.contains(words) || ca.is_none() && why.contains("ca-certificates"), "{why}");
    }
    let plain = way(&answering("HTTP/1.1 200 OK\r\n\r\n").replace("http:", "https:"), Some(&ca(&own)));
    let Err(NotDelivered::Later(why)) = plain.post("", Vec::new(), b"{}".to_vec()).await else { panic!() };
    assert!(why.contains("TLS") || why.contains("closed"), "{why}");
}

#[tokio::test]
async fn a_tls_that_trickles_is_given_up_and_holds_no_thread() {
    let own = authority("DNS:localhost", "9");
    let (ended, end) = std::sync::mpsc::channel();
    let trickles = server(move |mut stream| {
        // The head of a record of 16 KiB, and then its bytes one by one.
        let record = [22, 3, 3, 0x40, 0].into_iter().chain(std::iter::repeat(0));
        record.take_while(|byte| stream.write_all(&[*byte]).is_ok()).for_each(|_| {
            // The slowness is the fault that is shown; nothing waits here for a result.
            std::thread::sleep(Duration::from_millis(20));
        });
        ended.send(()).ok();
    });
    let url = trickles.replace("http://127.0.0.1", "https://localhost");
    let way = Way::new("a", &url, Some(&own.path().join("ca.pem"))).unwrap().within(Duration::from_millis(300));
    let Err(NotDelivered::Later(why)) = way.post("", Vec::new(), b"{}".to_vec()).await else { panic!("answered") };
    assert!(why.contains("no answer"), "{why}");
    let ended = tokio::task::spawn_blocking(move || end.recv_timeout(Duration::from_secs(20)));
    assert_eq!(ended.await.unwrap(), Ok(()), "the connection is closed, so nobody waits for it any more");
}

/// A station that shows its certificate, asks for none, and speaks only the older TLS.
#[tokio::test]
async fn the_way_to_a_station_is_tls_1_3_and_certificate_and_key_must_fit() {
    let own = authority("DNS:localhost", "9");
    let file = |name: &str| own.path().join(name);
    let together = |names: [&str; 2], to: &str| {
        std::fs::write(file(to), names.map(|name| std::fs::read(file(name)).unwrap()).concat()).unwrap();
    };
    together(["server.pem", "server.key"], "home.pem");
    together(["server.pem", "ca.key"], "mixed.pem");
    let uri = || "https://localhost:1".parse::<Uri>().unwrap();
    let station = |credentials: &str| Way::to_station(uri(), Some((&file("ca.pem"), &file(credentials))));
    assert!(station("home.pem").is_ok());
    for (credentials, words) in
        [("mixed.pem", "do not go together"), ("server.pem", "no private key"), ("server.key", "no certificate")]
    {
        let why = station(credentials).unwrap_err().to_string();
        assert!(why.contains(words), "{credentials}: {why}");
    }
    let chain = CertificateDer::pem_file_iter(file("server.pem")).unwrap().map(Result::unwrap).collect();
    let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
    let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_protocol_versions(&[&rustls::version::TLS12])
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(chain, key)
        .unwrap();
    let plain = server(move |stream| {
        let mut stream = rustls::StreamOwned::new(rustls::ServerConnection::new(Arc::new(config)).unwrap(), stream);
        drop(stream.read(&mut [0; 100]));
    });
    let port = plain.parse::<Uri>().unwrap().port_u16().unwrap();
    let uri = format!("https://localhost:{port}").parse().unwrap();
    let way = Way::to_station(uri, Some((&file("ca.pem"), &file("home.pem")))).unwrap();
    let Err(NotDelivered::Later(why)) = way.ask("/v1/steps", None).await else { panic!("it was spoken to") };
    assert!(why.contains("ProtocolVersion") || why.contains("TLS failed"), "{why}");
}

/// A flat without power had its battery clock reset: what stands in its history says how late it is at least.
#[test]
fn a_clock_that_shows_1970_does_not_make_the_stations_certificate_too_young() {
    let own = authority("DNS:localhost", "9");
    let file = |name: &str| own.path().join(name);
    let both = ["server.pem", "server.key"].map(|name| std::fs::read(file(name)).unwrap()).concat();
    std::fs::write(file("home.pem"), both).unwrap();
    let url = || {
        let chain = CertificateDer::pem_file_iter(file("server.pem")).unwrap().map(Result::unwrap).collect();
        let key = PrivateKeyDer::from_pem_file(file("server.key")).unwrap();
        let config = rustls::ServerConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
            .with_protocol_versions(&[&rustls::version::TLS13])
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .unwrap();
        let plain = server(move |stream| {
            let tls = rustls::ServerConnection::new(Arc::new(config)).unwrap();
            let mut stream = rustls::StreamOwned::new(tls, stream);
            // Whoever does not believe the certificate sends no request.
            if stream.conn.complete_io(&mut stream.sock).is_ok() {
                request(&mut stream);
                stream.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok").unwrap();
            }
        });
        let port = plain.parse::<Uri>().unwrap().port_u16().unwrap();
        format!("https://localhost:{port}/v1/steps")
    };
    let ask = |url: &str| {
        let way = Way::to_station(url.parse().unwrap(), Some((&file("ca.pem"), &file("home.pem")))).unwrap();
        way.agent().unwrap().get(url).call().map(|mut answer| answer.body_mut().read_to_string().unwrap())
    };
    assert_eq!(ask(&url()).unwrap(), "ok");
    mqtt::Floor::raise(crate::clock::now());
    let in_1970 =
        crate::clock::Reading { wall: crate::model::time::from_millis(5), since_boot: chrono::TimeDelta::zero() };
    crate::clock::pretend(Some(in_1970));
    let answer = ask(&url());
    crate::clock::pretend(None);
    assert_eq!(answer.unwrap(), "ok");
}
