//! What is wrong, where, and what to do next: an error for the person in front.
//!
//! The person is a technician on a stair or a staff member at a desk: one fact, one next step, never a bare errno.

use std::fmt;
use std::io;
use std::path::Path;

/// Something a person has to put right.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Problem {
    /// Where: a file with line, a port, an address. Empty where the whole program is meant.
    pub place: Place,
    /// What is wrong: one fact, lower case, no full stop.
    pub what: String,
    /// What to do next, if one thing is likely; printed behind the fact or under the caret.
    pub deed: Option<String>,
    /// Whether the program can go on in spite of it.
    pub kind: Kind,
}

/// How grave a problem is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// Cannot be used like this.
    Error,
    /// Works, but should be changed.
    Warning,
}

/// Where a problem is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// Nowhere in particular.
    Program,
    /// A thing with a name: a port, a path, an address.
    Thing(String),
    /// A span of a text file.
    Text(TextPlace),
}

/// A span of a text file, with the line it stands in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TextPlace {
    /// The file as the person named it.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
    /// Width in characters, at least 1.
    pub width: usize,
    /// The line itself, without its end.
    pub text: String,
}

impl TextPlace {
    /// The place of the bytes `span` of `source`; beyond the end, the last line.
    pub fn new(file: &str, source: &str, span: std::ops::Range<usize>) -> TextPlace {
        let start = floor_boundary(source, span.start.min(source.len()));
        let end = floor_boundary(source, span.end.clamp(start, source.len()));
        let line_start = source[..start].rfind('\n').map_or(0, |i| i + 1);
        let line_end = source[line_start..].find('\n').map_or(source.len(), |i| line_start + i);
        let within = start..end.min(line_end).max(start);
        TextPlace {
            file: file.to_owned(),
            line: source[..line_start].matches('\n').count() + 1,
            column: source[line_start..start].chars().count() + 1,
            width: source[within].chars().count().max(1),
            text: source[line_start..line_end].trim_end_matches('\r').to_owned(),
        }
    }
}

fn floor_boundary(text: &str, mut at: usize) -> usize {
    while !text.is_char_boundary(at) {
        at -= 1;
    }
    at
}

impl Problem {
    /// A problem of the program as a whole.
    pub fn new(what: impl Into<String>) -> Problem {
        Problem { place: Place::Program, what: what.into(), deed: None, kind: Kind::Error }
    }

    /// A problem of a thing with a name.
    pub fn of(thing: impl Into<String>, what: impl Into<String>) -> Problem {
        Problem { place: Place::Thing(thing.into()), what: what.into(), deed: None, kind: Kind::Error }
    }

    /// A problem at a place in a file.
    pub fn at(place: TextPlace, what: impl Into<String>) -> Problem {
        Problem { place: Place::Text(place), what: what.into(), deed: None, kind: Kind::Error }
    }

    /// The same with the next thing to do.
    pub fn with_deed(mut self, deed: impl Into<String>) -> Problem {
        self.deed = Some(deed.into());
        self
    }

    /// The same as a warning.
    pub fn as_warning(mut self) -> Problem {
        self.kind = Kind::Warning;
        self
    }
}

/// What the world refused, in the words of those who have to put it right. Used by the daemons and by `check`.
#[allow(clippy::wildcard_enum_match_arm)] // the list of `io::ErrorKind` is open
impl Problem {
    /// What the operating system says about a directory that a daemon wants to write to.
    pub fn of_state(path: &Path, error: &io::Error) -> Problem {
        let (what, deed) = match error.kind() {
            io::ErrorKind::PermissionDenied => (
                "permission denied".to_owned(),
                "give it to the user of the daemon: chown -R carecircle: and the directory".to_owned(),
            ),
            io::ErrorKind::ReadOnlyFilesystem => (
                "this file system is read-only".to_owned(),
                "mount it writable, or set state_dir to a directory on a writable one".to_owned(),
            ),
            io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
                ("the disk is full".to_owned(), "make room there, then start again".to_owned())
            }
            io::ErrorKind::NotADirectory | io::ErrorKind::AlreadyExists => {
                ("this is not a directory".to_owned(), "set state_dir to a directory".to_owned())
            }
            _ => (plain(error), "set state_dir to a directory the daemon can write to".to_owned()),
        };
        Problem::of(path.display().to_string(), what).with_deed(deed)
    }

    /// Why a configuration file could not be read.
    pub fn of_config(path: &Path, error: &io::Error) -> Problem {
        let (what, deed) = match error.kind() {
            io::ErrorKind::NotFound => ("there is no such file".to_owned(), "correct the path".to_owned()),
            io::ErrorKind::PermissionDenied => (
                "permission denied".to_owned(),
                format!(
                    "at a terminal: sudo; for the daemon: chown root:carecircle {0}; chmod 640 {0}",
                    path.display()
                ),
            ),
            io::ErrorKind::IsADirectory => {
                ("this is a directory".to_owned(), "name the file in it, such as gateway.toml".to_owned())
            }
            _ => (plain(error), "check the disk".to_owned()),
        };
        Problem::of(path.display().to_string(), what).with_deed(deed)
    }

    /// Why a serial port could not be opened.
    pub fn of_serial(path: &str, error: &io::Error) -> Problem {
        let (what, deed) = match error.kind() {
            io::ErrorKind::NotFound => (
                "there is no such serial port".to_owned(),
                "plug the receiver in, then take its name from: ls /dev/serial/by-id/".to_owned(),
            ),
            io::ErrorKind::PermissionDenied => (
                "permission denied".to_owned(),
                "add the user of the daemon to the group: adduser carecircle dialout".to_owned(),
            ),
            io::ErrorKind::ResourceBusy => (
                "another program uses this serial port".to_owned(),
                format!("see which one: fuser -v {path}; then stop it"),
            ),
            _ => (plain(error), "is this a serial port? compare with: ls /dev/serial/by-id/".to_owned()),
        };
        Problem::of(path, what).with_deed(deed)
    }

    /// Why a listening address could not be taken.
    pub fn of_listen(address: &str, error: &io::Error) -> Problem {
        let port = address.rsplit(':').next().unwrap_or_default();
        let (what, deed) = match error.kind() {
            io::ErrorKind::AddrInUse => (
                "another program listens on this port".to_owned(),
                format!("see which one: ss -ltnp sport = :{port}; stop it, or change `listen`"),
            ),
            io::ErrorKind::PermissionDenied => (
                "this port is not allowed for the user of the daemon".to_owned(),
                "change `listen` to a port above 1023".to_owned(),
            ),
            io::ErrorKind::AddrNotAvailable => (
                "this machine does not have this address".to_owned(),
                "change `listen` to an address of this machine, such as 127.0.0.1:8470".to_owned(),
            ),
            _ => (plain(error), "change `listen`".to_owned()),
        };
        Problem::of(address, what).with_deed(deed)
    }

    /// Why a broker (or another machine) could not be reached by TCP.
    pub fn of_connect(address: &str, error: &io::Error) -> Problem {
        let (what, deed) = match error.kind() {
            io::ErrorKind::ConnectionRefused => (
                "the machine answers, but no broker listens on this port".to_owned(),
                "start the broker there, or correct host and port".to_owned(),
            ),
            io::ErrorKind::TimedOut | io::ErrorKind::WouldBlock => (
                "no answer".to_owned(),
                "is the machine on, and does a firewall stand between? try: ping, then nc -vz".to_owned(),
            ),
            io::ErrorKind::HostUnreachable | io::ErrorKind::NetworkUnreachable => {
                ("no way leads there".to_owned(), "check the cable, the router and the address".to_owned())
            }
            _ => (plain(error), "check host name and network".to_owned()),
        };
        Problem::of(address, what).with_deed(deed)
    }
}

/// The system's words without the number behind them.
fn plain(error: &io::Error) -> String {
    let text = error.to_string();
    let text = text.split(" (os error").next().unwrap_or(&text);
    text.chars().next().map_or_else(String::new, |first| first.to_lowercase().chain(text.chars().skip(1)).collect())
}

impl fmt::Display for Problem {
    /// `gateway.toml:41:8: sensor "pir-bath" hangs in room "bathrom", which is not listed`, then the line and a caret.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let what = match self.kind {
            Kind::Error => self.what.clone(),
            Kind::Warning => format!("warning: {}", self.what),
        };
        match &self.place {
            Place::Program => write!(f, "{what}")?,
            Place::Thing(thing) => write!(f, "{thing}: {what}")?,
            Place::Text(place) => {
                let number = place.line.to_string();
                let margin = " ".repeat(number.len());
                // Tabs stay tabs, so that the caret stands under its word.
                let indent: String =
                    place.text.chars().take(place.column - 1).map(|c| if c == '\t' { '\t' } else { ' ' }).collect();
                writeln!(f, "{}:{}:{}: {what}", place.file, place.line, place.column)?;
                writeln!(f, "   {number} | {}", place.text)?;
                write!(f, "   {margin} | {indent}{}", "^".repeat(place.width))?;
                if let Some(deed) = &self.deed {
                    write!(f, " {deed}")?;
                }
                return Ok(());
            }
        }
        if let Some(deed) = &self.deed {
            write!(f, "; {deed}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Problem {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_in_a_file_points_at_its_word() {
        let source = "id = \"a\"\nroom = \"bathrom\"\n";
        let at = source.find("\"bathrom").unwrap();
        let problem = Problem::at(TextPlace::new("gateway.toml", source, at..at + 9), "no such room")
            .with_deed("did you mean \"bathroom\"?");
        assert_eq!(
            problem.to_string(),
            "gateway.toml:2:8: no such room\n   2 | room = \"bathrom\"\n     |        ^^^^^^^^^ did you mean \"bathroom\"?"
        );
    }

    #[test]
    fn whoever_may_not_read_a_configuration_that_is_as_it_should_be_is_told_to_ask_as_root() {
        let denied = Problem::of_config(Path::new("gateway.toml"), &io::ErrorKind::PermissionDenied.into());
        assert!(
            denied.to_string().contains("permission denied; at a terminal: sudo; for the daemon: chown"),
            "{denied}"
        );
    }

    #[test]
    fn a_place_beyond_the_end_is_the_last_line() {
        let place = TextPlace::new("x", "ä", 99..120);
        assert_eq!((place.line, place.width), (1, 1));
    }
}
