//! All problems of one configuration, gathered while it is read.

use crate::model::fingerprint;
use crate::problem::{Kind, Problem, TextPlace};
use std::cell::RefCell;
use std::collections::BTreeSet;
use std::ops::Range;

/// A file of a configuration.
#[derive(Debug, Clone)]
pub(super) struct Source {
    pub name: String,
    pub text: String,
}

/// A span of one of the files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Place {
    pub file: usize,
    pub span: Range<usize>,
}

/// A line that is printed, mailed and logged shows no password.
fn without_secrets(mut place: TextPlace) -> TextPlace {
    let line = &place.text;
    let key = line.split('=').next().unwrap_or_default().trim().to_lowercase();
    let is_secret = ["password", "secret", "token", "pin"].contains(&key.as_str());
    let in_address = line.find("://").and_then(|begin| Some((begin + 3, begin + line[begin..].find('@')?)));
    let hidden = match (is_secret, line.find('='), in_address) {
        (true, Some(equals), _) => Some((equals + 1, line.len())),
        (_, _, Some((begin, end))) if begin < end => Some((begin, end)),
        (true | false, _, _) => None,
    };
    if let Some((begin, end)) = hidden {
        // As wide as before, so that the caret stands right.
        let stars = "*".repeat(line[begin..end].chars().count());
        place.text.replace_range(begin..end, &stars);
    }
    place
}

/// All problems of one configuration. Shared by everybody who reads a part of it.
pub(super) struct Report<'a> {
    pub files: &'a [Source],
    found: RefCell<Vec<(usize, usize, Problem)>>,
    /// Every key that was asked for, as `section.key`; what the sample files must show.
    pub asked_for: RefCell<BTreeSet<String>>,
}

impl<'a> Report<'a> {
    pub(super) fn new(files: &'a [Source]) -> Report<'a> {
        Report { files, found: RefCell::default(), asked_for: RefCell::default() }
    }

    pub(super) fn error(&self, place: &Place, what: impl Into<String>, deed: Option<String>) {
        self.add(place, Kind::Error, what.into(), deed);
    }

    pub(super) fn warning(&self, place: &Place, what: impl Into<String>, deed: Option<String>) {
        self.add(place, Kind::Warning, what.into(), deed);
    }

    fn add(&self, place: &Place, kind: Kind, what: String, deed: Option<String>) {
        let Source { name, text } = &self.files[place.file];
        let mut problem = match place.span.end {
            // Something is missing in the file as a whole.
            0 => Problem::of(name, what),
            _ => Problem::at(without_secrets(TextPlace::new(name, text, place.span.clone())), what),
        };
        (problem.kind, problem.deed) = (kind, deed);
        let mut found = self.found.borrow_mut();
        // One mistake is one problem, whoever comes across it.
        if !found.iter().any(|(file, at, other)| (*file, *at, other) == (place.file, place.span.start, &problem)) {
            found.push((place.file, place.span.start, problem));
        }
    }

    pub(super) fn has_errors(&self) -> bool {
        self.found.borrow().iter().any(|(_, _, problem)| problem.kind == Kind::Error)
    }

    /// All problems in the order of their places.
    pub(super) fn into_problems(self) -> Vec<Problem> {
        let mut found = self.found.into_inner();
        found.sort_by_key(|(file, at, _)| (*file, *at));
        found.into_iter().map(|(_, _, problem)| problem).collect()
    }

    /// Changes when the configuration does, and tells two configurations apart in a log.
    pub(super) fn hash(&self) -> String {
        let texts = self.files.iter().map(|file| file.text.as_bytes());
        format!("{:016x}", fingerprint::of(texts.chain([b"".as_slice()])))
    }
}
