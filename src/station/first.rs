//! Before anybody can sign in: the people of the configuration, and the code that makes the first administrator.

use super::Settings;
use crate::clock;
use crate::model::ids::PersonId;
use crate::model::staff::Member;
use crate::problem::Problem;
use crate::store::Office;
use crate::web::{self, FirstCode};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

/// What somebody proves themselves by from the start, at a station that is made up for trying and testing.
#[derive(Clone)]
pub struct Key {
    /// Who.
    pub person: PersonId,
    /// A one-time code, good for a day.
    pub code: Option<String>,
    /// A password, for who has none yet.
    pub password: Option<String>,
    /// A PIN, for who has none yet.
    pub pin: Option<String>,
}

impl std::fmt::Debug for Key {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "Key({})", self.person)
    }
}

/// Everybody whom the office knows, after those of the settings whom it did not know were written down.
pub(super) fn people(office: &Office, settings: &Settings) -> Result<Vec<(PersonId, Member)>, Problem> {
    let seed = |person: &web::Person| {
        let member = Member { name: person.name.clone(), positions: person.positions.clone(), ..Member::default() };
        (person.id.clone(), member)
    };
    let seeds: Vec<_> = settings.people.iter().map(seed).collect();
    let now = clock::now();
    office.seed_staff(&seeds, now).map_err(|error| error.problem())?;
    let mut people = office.staff().map_err(|error| error.problem())?;
    for key in &settings.keys {
        let Some((id, member)) = people.iter_mut().find(|(id, _)| *id == key.person) else { continue };
        web::give(&mut member.secrets, key.code.as_deref(), key.password.as_deref(), key.pin.as_deref(), now);
        office.put_member(id, member, "station", "key_given", id.as_str(), now).map_err(|error| error.problem())?;
    }
    Ok(people)
}

/// The code by which the first administrator signs in: while nobody has a password, and whenever somebody who may write in
/// the state directory has put an empty file there because nobody can sign in any more. It stays until it is used.
pub(super) fn code(people: &[(PersonId, Member)], dir: &Path) -> Result<Option<FirstCode>, Problem> {
    let path = dir.join("first-code");
    let kept = std::fs::read_to_string(&path).ok().map(|kept| kept.trim().to_owned());
    let nobody = people.iter().all(|(_, member)| member.secrets.password.is_none());
    match kept {
        Some(code) if !code.is_empty() => return Ok(Some(FirstCode { code, path })),
        Some(_) => {}
        None if nobody => {}
        None => return Ok(None),
    }
    let failed =
        |error: String| Problem::of(path.display().to_string(), error).with_deed("make the state directory writable");
    let code = web::code().map_err(failed)?;
    // A file that somebody else made may be read by others.
    drop(std::fs::remove_file(&path));
    let mut options = std::fs::OpenOptions::new();
    let file = options.write(true).create_new(true).mode(0o600).open(&path);
    let written = file.and_then(|mut file| writeln!(file, "{code}").and_then(|()| file.sync_all()));
    written.map_err(|error| failed(error.to_string()))?;
    Ok(Some(FirstCode { code, path }))
}
