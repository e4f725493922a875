//! One configuration out of several files, with the place of every key and value.

use crate::config::report::{Place, Report};
use std::borrow::Cow;
use std::collections::BTreeMap;
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue};

/// A value and where it stands.
#[derive(Debug, Clone)]
pub(super) struct Node<'a> {
    pub place: Place,
    pub what: What<'a>,
}

/// A value.
#[derive(Debug, Clone)]
pub(super) enum What<'a> {
    Table(Table<'a>),
    /// A list of tables, such as all `[[sensor]]`.
    List(Vec<Node<'a>>),
    Leaf(DeValue<'a>),
}

/// Keys and their values.
pub(super) type Table<'a> = BTreeMap<String, Entry<'a>>;

/// A key and its value.
#[derive(Debug, Clone)]
pub(super) struct Entry<'a> {
    pub key: Place,
    pub node: Node<'a>,
}

/// Reads every file of `report` and lays the later ones over the earlier. Syntax errors go into the report.
pub(super) fn read<'a>(report: &Report<'a>) -> Table<'a> {
    let mut whole = Table::new();
    for (file, source) in report.files.iter().enumerate() {
        let (table, errors) = DeTable::parse_recoverable(&source.text);
        // A bracket or quote that is missing makes two sections one, and their keys duplicates.
        let is_torn = errors.iter().any(|error| !error.message().starts_with(DUPLICATE));
        let mut is_doubled = false;
        for error in errors.iter().filter(|error| !(is_torn && error.message().starts_with(DUPLICATE))) {
            let span = error.span().unwrap_or(0..0);
            let section = section_at(&source.text, &span);
            // The keys of a section that is there twice are no mistakes of their own.
            if is_doubled && section.is_none() {
                continue;
            }
            is_doubled = section.is_some() && error.message().starts_with(DUPLICATE);
            let (what, deed) =
                in_our_words(error.message(), source.text.get(span.clone()).unwrap_or_default(), section);
            report.error(&Place { file, span }, what, deed);
        }
        lay_over(&mut whole, entries(file, table.into_inner()));
    }
    whole
}

/// What `toml` says of `typed`, in the words of the house.
fn in_our_words(message: &str, typed: &str, section: Option<&str>) -> (String, Option<String>) {
    match section {
        Some(section) if message.starts_with(DUPLICATE) => {
            let deed = format!("if there are to be several, write [[{section}]] above each; else make one of them");
            return (format!("[{section}] is there twice"), Some(deed));
        }
        None if message.starts_with(DUPLICATE) => {
            return (format!("\"{typed}\" is there twice"), Some("leave one of them out".to_owned()));
        }
        Some(_) | None => {}
    }
    if message.starts_with("string values must be quoted") {
        let is_typographic = typed.starts_with(['“', '”', '„', '‘', '’', '«', '＂']);
        let deed =
            if is_typographic { "these are no plain quotes; type \" before and behind it" } else { "put it in quotes" };
        return ("text must stand in plain quotes".to_owned(), Some(deed.to_owned()));
    }
    // It puts what it expected on a line of its own.
    (message.trim().replace('\n', ", "), None)
}

/// The name in the brackets of a section's heading, where `span` is in one.
fn section_at<'t>(text: &'t str, span: &Range<usize>) -> Option<&'t str> {
    let line = text.get(..span.start)?.rsplit('\n').next()?.len();
    let line = text.get(span.start - line..)?.lines().next()?.trim();
    let heading = line.strip_prefix('[').filter(|rest| !rest.starts_with('['))?;
    heading.split(']').next()
}

const DUPLICATE: &str = "duplicate key";
/// `upper` laid over a text of ours, all of whose keys stand at `place`.
pub(super) fn over<'a>(text: &'static str, place: &Place, upper: Table<'a>) -> Table<'a> {
    let (table, _) = DeTable::parse_recoverable(text);
    let mut lower: Table<'a> = entries(place.file, table.into_inner());
    lower.values_mut().for_each(|entry| entry.stands_at(place));
    lay_over(&mut lower, upper);
    lower
}

impl Entry<'_> {
    fn stands_at(&mut self, place: &Place) {
        self.key = place.clone();
        self.node.stands_at(place);
    }
}

fn node(file: usize, value: Spanned<DeValue<'_>>) -> Node<'_> {
    let place = Place { file, span: value.span() };
    let what = match value.into_inner() {
        DeValue::Table(table) => What::Table(entries(file, table)),
        DeValue::Array(array) if !array.is_empty() && array.iter().all(|item| item.get_ref().is_table()) => {
            What::List(array.into_iter().map(|item| node(file, item)).collect())
        }
        leaf @ (DeValue::String(_)
        | DeValue::Integer(_)
        | DeValue::Float(_)
        | DeValue::Boolean(_)
        | DeValue::Datetime(_)
        | DeValue::Array(_)) => What::Leaf(leaf),
    };
    Node { place, what }
}

fn entries(file: usize, table: DeTable<'_>) -> Table<'_> {
    let entry = |(key, value): (Spanned<Cow<'_, str>>, _)| {
        let place = Place { file, span: key.span() };
        (key.into_inner().into_owned(), (place, value))
    };
    table
        .into_iter()
        .map(entry)
        .map(|(key, (place, value))| (key, Entry { key: place, node: node(file, value) }))
        .collect()
}

/// Tables are merged key by key; in a list of tables the entry of the same `id` or `name` is replaced, others are
/// appended; everything else is replaced.
fn lay_over<'a>(lower: &mut Table<'a>, upper: Table<'a>) {
    for (key, entry) in upper {
        match (lower.get_mut(&key).map(|below| &mut below.node.what), entry.node.what) {
            (Some(What::Table(lower)), What::Table(upper)) => lay_over(lower, upper),
            (Some(What::List(lower)), What::List(upper)) => lay_list_over(lower, upper),
            (_, what) => {
                let node = Node { place: entry.node.place, what };
                lower.insert(key, Entry { key: entry.key, node });
            }
        }
    }
}

fn lay_list_over<'a>(lower: &mut Vec<Node<'a>>, upper: Vec<Node<'a>>) {
    // What has no identity is a plain list of settings: the upper one as a whole.
    if upper.iter().any(|item| identity(item).is_none()) {
        *lower = upper;
        return;
    }
    let below = lower.len();
    for item in upper {
        match lower[..below].iter().position(|other| identity(other) == identity(&item)) {
            Some(same) => lower[same] = item,
            None => lower.push(item),
        }
    }
}

fn identity<'n>(node: &'n Node<'_>) -> Option<&'n str> {
    let What::Table(table) = &node.what else { return None };
    table.get("id").or(table.get("name"))?.node.text()
}

impl<'a> Node<'a> {
    fn stands_at(&mut self, place: &Place) {
        self.place = place.clone();
        match &mut self.what {
            What::Table(table) => table.values_mut().for_each(|entry| entry.stands_at(place)),
            What::List(items) => items.iter_mut().for_each(|item| item.stands_at(place)),
            What::Leaf(_) => {}
        }
    }

    /// The text, where it is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.what {
            What::Leaf(leaf) => leaf.as_str(),
            What::Table(_) | What::List(_) => None,
        }
    }

    /// The value in the form that `toml` reads types from, with its places.
    pub(super) fn value(&self) -> Spanned<DeValue<'a>> {
        let value = match &self.what {
            What::Leaf(leaf) => leaf.clone(),
            What::Table(table) => DeValue::Table(values(table)),
            What::List(items) => {
                let mut array = DeArray::new();
                items.iter().for_each(|item| array.push(item.value()));
                DeValue::Array(array)
            }
        };
        Spanned::new(self.place.span.clone(), value)
    }

    /// The same under one more key: `{ key = … }`.
    pub(super) fn under(self, key: &str, key_place: &Place) -> Node<'a> {
        let place = self.place.clone();
        let entry = Entry { key: key_place.clone(), node: self };
        Node { place, what: What::Table(Table::from([(key.to_owned(), entry)])) }
    }
}

fn values<'a>(table: &Table<'a>) -> DeTable<'a> {
    let mut values = DeTable::new();
    for (key, entry) in table {
        values.insert(Spanned::new(entry.key.span.clone(), Cow::Owned(key.clone())), entry.node.value());
    }
    values
}
