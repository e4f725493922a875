//! Which broker, and how to get in: the keys as they stand in a config, and the files they name.

use crate::mqtt::address::Broker;
use crate::mqtt::settings::{Login, Settings, Tls};
use crate::problem::Problem;
use serde::Deserialize;
use std::io::ErrorKind;
use std::net::IpAddr;
use std::path::{Path, PathBuf};

/// The keys of a broker in a config. Secrets are file names, so that a config can be mailed.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "Keys")]
pub struct Access {
    /// The broker's address: `mqtt://…` or `mqtts://…`.
    pub broker: Broker,
    /// The user, where the broker asks for one.
    pub user: Option<String>,
    /// The file that holds the user's password in its first line.
    pub password_file: Option<PathBuf>,
    /// The certificates (PEM) of the authority that vouches for the broker.
    pub ca: Option<PathBuf>,
    /// Our own certificate and its private key in one file (PEM).
    pub credentials: Option<PathBuf>,
}

/// The keys as they are written.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Keys {
    broker: Broker,
    user: Option<String>,
    password_file: Option<PathBuf>,
    ca: Option<PathBuf>,
    credentials: Option<PathBuf>,
    #[serde(default)]
    plaintext: bool,
    #[serde(default)]
    network_is_ours: bool,
}

impl TryFrom<Keys> for Access {
    type Error = &'static str;

    fn try_from(keys: Keys) -> Result<Access, &'static str> {
        let Keys { broker, user, password_file, ca, credentials, plaintext, network_is_ours } = keys;
        Plaintext { plaintext, network_is_ours }.check(broker.tls, &broker.host)?;
        Ok(Access { broker, user, password_file, ca, credentials })
    }
}

/// Nothing is encrypted on the way to another machine: said twice, by two keys, or refused.
#[derive(Debug, Clone, Copy, Default)]
pub struct Plaintext {
    /// `plaintext = true`
    pub plaintext: bool,
    /// `network_is_ours = true`
    pub network_is_ours: bool,
}

impl Plaintext {
    /// Whether the link may be made so; in words why not, and what to write.
    pub fn check(self, is_tls: bool, host: &str) -> Result<(), &'static str> {
        let Plaintext { plaintext, network_is_ours } = self;
        match (is_tls, plaintext || network_is_ours) {
            (true, true) => Err("plaintext and network_is_ours are for an address without TLS; leave them out"),
            (true, false) => Ok(()),
            (false, _) if is_this_machine(host) || (plaintext && network_is_ours) => Ok(()),
            (false, _) => Err(
                "this link leaves the machine and is not encrypted; use TLS, or, if nobody else is on that network, say so twice: plaintext = true and network_is_ours = true",
            ),
        }
    }
}

fn is_this_machine(host: &str) -> bool {
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.to_canonical().is_loopback())
}

/// What the files held that a config names; shown to nobody.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Secrets(Vec<Option<Vec<u8>>>);

impl Secrets {
    /// What these files hold now, to be held against what they hold later.
    pub fn of(files: &[&Path]) -> Secrets {
        // One that cannot be read is told of where the channel is opened.
        Secrets(files.iter().map(|file| secret(file).ok()).collect())
    }
}

impl std::fmt::Debug for Secrets {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Secrets({} files)", self.0.len())
    }
}

impl Access {
    /// A broker that asks for nothing.
    pub fn open(broker: Broker) -> Access {
        Access { broker, user: None, password_file: None, ca: None, credentials: None }
    }

    /// The files it names.
    pub fn files(&self) -> Vec<&Path> {
        [&self.password_file, &self.ca, &self.credentials].into_iter().flatten().map(PathBuf::as_path).collect()
    }

    /// A connection to it, with every file read and every certificate tried; filters and will are to be added.
    pub fn settings(&self, client_id: impl Into<String>) -> Result<Settings, Problem> {
        let settings = Settings {
            client_id: client_id.into(),
            broker: self.broker.clone(),
            login: self.login()?,
            tls: self.tls()?,
            filters: Vec::new(),
            will: None,
            announce: None,
        };
        settings.check().map_err(|why| self.problem(why))?;
        Ok(settings)
    }

    fn login(&self) -> Result<Option<Login>, Problem> {
        let Some(user) = &self.user else {
            return match &self.password_file {
                Some(_) => Err(self.problem("there is a password_file and no user").with_deed("set the key user")),
                None => Ok(None),
            };
        };
        let password = match &self.password_file {
            None => String::new(),
            Some(file) => {
                let text = String::from_utf8(secret(file)?)
                    .map_err(|_| Problem::of(file.display().to_string(), "the password is no UTF-8 text"))?;
                text.lines().next().unwrap_or_default().to_owned()
            }
        };
        Ok(Some(Login { user: user.clone(), password }))
    }

    fn tls(&self) -> Result<Option<Tls>, Problem> {
        if !self.broker.tls && (self.ca.is_some() || self.credentials.is_some()) {
            return Err(self
                .problem("certificates are set for a broker without TLS")
                .with_deed("write \"mqtts://\" in its address"));
        }
        let Some(ca) = &self.ca else {
            return match &self.credentials {
                Some(_) => Err(self
                    .problem("there are credentials and no authority to check the broker with")
                    .with_deed("set the key ca")),
                None => Ok(None),
            };
        };
        Ok(Some(Tls { ca: secret(ca)?, identity: self.credentials.as_deref().map(secret).transpose()? }))
    }

    fn problem(&self, what: impl Into<String>) -> Problem {
        Problem::of(self.broker.to_string(), what)
    }
}

/// The bytes of a file the config names; a bare name, and a file in a folder `secrets`, is looked up among systemd's credentials
/// first: the files themselves are root's alone.
pub fn secret(file: &Path) -> Result<Vec<u8>, Problem> {
    let folder = std::env::var_os("CREDENTIALS_DIRECTORY").map(PathBuf::from);
    let credential = folder.and_then(|folder| Some(folder.join(credential_of(file)?)));
    let file = credential.filter(|credential| credential.exists()).unwrap_or_else(|| file.to_owned());
    std::fs::read(&file).map_err(|error| {
        let what = if error.kind() == ErrorKind::NotFound {
            "no such file".to_owned()
        } else if error.kind() == ErrorKind::PermissionDenied {
            "permission denied".to_owned()
        } else {
            error.to_string()
        };
        Problem::of(file.display().to_string(), what)
            .with_deed("it must be readable for the user carecircle, and for nobody else")
    })
}

/// What systemd calls this file where it hands it over: the units say `LoadCredential=secrets:/etc/carecircle/secrets`.
fn credential_of(file: &Path) -> Option<PathBuf> {
    if file.is_relative() {
        return Some(file.to_owned());
    }
    let folder = file.parent()?.file_name()?;
    (folder == "secrets").then(|| PathBuf::from(format!("secrets_{}", file.file_name().unwrap_or_default().display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_in_a_folder_of_secrets_is_the_credential_that_systemd_hands_over() {
        assert_eq!(credential_of(Path::new("/etc/carecircle/secrets/home.pem")), Some("secrets_home.pem".into()));
        assert_eq!(credential_of(Path::new("sim-pin")), Some("sim-pin".into()));
        assert_eq!(credential_of(Path::new("/etc/carecircle/home.pem")), None);
    }

    #[test]
    fn what_is_not_encrypted_stays_on_this_machine_unless_two_keys_say_otherwise() {
        let of = |plaintext, network_is_ours| Plaintext { plaintext, network_is_ours };
        for near in ["localhost", "127.0.0.1", "127.8.8.8", "::1", "[::1]", "::ffff:127.0.0.1"] {
            assert_eq!(of(false, false).check(false, near), Ok(()), "{near}");
        }
        for far in ["10.0.0.1", "192.168.1.5", "broker.lan", "localhost.example", "::", "0.0.0.0"] {
            for one in [of(false, false), of(true, false), of(false, true)] {
                let why = one.check(false, far).unwrap_err();
                assert!(why.contains("plaintext = true") && why.contains("network_is_ours = true"), "{why}");
            }
            assert_eq!(of(true, true).check(false, far), Ok(()));
            assert_eq!(of(false, false).check(true, far), Ok(()));
            assert!(of(true, false).check(true, far).unwrap_err().contains("leave them out"));
        }
        let keys = |more: &str| {
            serde_json::from_str::<Access>(&format!(r#"{{ "broker": "mqtt://10.0.0.1"{more} }}"#))
                .map(|access| access.broker.tls)
        };
        assert!(keys("").unwrap_err().to_string().contains("say so twice"));
        assert!(keys(r#", "plaintext": true"#).is_err());
        assert!(!keys(r#", "plaintext": true, "network_is_ours": true"#).unwrap());
    }

    #[test]
    fn keys_that_do_not_go_together_name_the_key_to_set() {
        let plain = Access::open("mqtt://localhost".parse().unwrap());
        assert!(plain.settings("a").is_ok());
        let words = |access: Access| access.settings("a").unwrap_err().to_string();
        assert!(words(Access { password_file: Some("p".into()), ..plain.clone() }).contains("set the key user"));
        assert!(words(Access { ca: Some("ca.pem".into()), ..plain }).contains("mqtts://"));
        let tls = Access::open("mqtts://localhost".parse().unwrap());
        assert!(words(Access { credentials: Some("c".into()), ..tls.clone() }).contains("set the key ca"));
        let missing = words(Access { ca: Some("/nowhere/ca.pem".into()), ..tls });
        assert!(missing.contains("/nowhere/ca.pem: no such file"), "{missing}");
    }

    #[test]
    fn a_password_is_the_first_line_of_its_file() {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), "geheim 密码\n").unwrap();
        let access = Access {
            user: Some("home".to_owned()),
            password_file: Some(file.path().to_owned()),
            ..Access::open("mqtt://localhost".parse().unwrap())
        };
        assert_eq!(access.settings("a").unwrap().login.unwrap().password, "geheim 密码");
    }
}
