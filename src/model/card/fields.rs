//! A card field by field, each as one text: what a form and a table have in common.
//!
//! Every fault is the name of its words; a card never holds what was refused.

use super::{Card, Class, Consent, Contact, ContactKind};
use crate::model::ids::PersonId;

/// The fields of a card but its contacts, in the order of the form and of a table.
pub const FIELDS: [&str; 15] = [
    "place",
    "class",
    "resident",
    "born",
    "languages",
    "liaison",
    "contact_by",
    "consent",
    "directions",
    "minutes",
    "bearing",
    "location",
    "code",
    "health",
    "health_as_of",
];

/// The fields of one contact.
pub const CONTACT_FIELDS: [&str; 5] = ["kind", "who", "phone", "key", "remark"];

/// More than anybody telephones through in an alarm.
pub const CONTACTS_MAX: usize = 8;

/// The directions as they are typed, clockwise from north.
pub const DIRECTIONS: [&str; 16] =
    ["N", "NNE", "NE", "ENE", "E", "ESE", "SE", "SSE", "S", "SSW", "SW", "WSW", "W", "WNW", "NW", "NNW"];

impl Card {
    /// The text of a field; empty where it is not known.
    pub fn field(&self, name: &str) -> String {
        match name {
            "place" => self.place.clone(),
            "class" => self.class.map_or("", Class::as_str).to_owned(),
            "resident" => self.resident.clone(),
            "born" => self.born.map(|(y, m, d)| format!("{y:04}-{m:02}-{d:02}")).unwrap_or_default(),
            "languages" => self.languages.clone(),
            "liaison" => self.liaison.as_ref().map(ToString::to_string).unwrap_or_default(),
            "contact_by" => self.contact_by.map(String::from).unwrap_or_default(),
            "consent" => self.consent.as_str().to_owned(),
            "directions" => self.way_in.directions.clone(),
            "minutes" => self.way_in.minutes.map(|minutes| minutes.to_string()).unwrap_or_default(),
            "bearing" => self.way_in.direction().and_then(|nth| DIRECTIONS.get(nth)).copied().unwrap_or("").to_owned(),
            "location" => self.way_in.location.map(|(lat, lon)| format!("{lat}, {lon}")).unwrap_or_default(),
            "code" => self.way_in.code.clone(),
            "health" => self.health.notes.clone(),
            "health_as_of" => self.health.as_of.clone(),
            _ => String::new(),
        }
    }

    /// Sets a field from its text; an empty one makes it unknown.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), &'static str> {
        match name {
            "place" => self.place = line(text, PLACE_MAX)?,
            "class" => self.class = word(text, &Class::ALL, Class::as_str)?,
            "resident" => self.resident = line(text, NAME_MAX)?,
            "born" => self.born = if_any(text, date)?,
            "languages" => self.languages = line(text, NAME_MAX)?,
            "liaison" => self.liaison = if_any(text, |text| PersonId::new(text).map_err(|_| "card_bad_person"))?,
            "contact_by" => self.contact_by = if_any(text, |text| text.parse().map_err(|_| "card_bad_time"))?,
            "consent" => self.consent = word(text, &Consent::ALL, Consent::as_str)?.unwrap_or_default(),
            "directions" => self.way_in.directions = words(text, WORDS_MAX)?,
            "minutes" => self.way_in.minutes = if_any(text, minutes)?,
            "bearing" => self.way_in.bearing_degrees = if_any(text, bearing)?,
            "location" => self.way_in.location = if_any(text, location)?,
            "code" => self.way_in.code = line(text, CODE_MAX)?,
            "health" => self.health.notes = words(text, WORDS_MAX)?,
            "health_as_of" => self.health.as_of = line(text, NAME_MAX)?,
            _ => return Err("card_no_field"),
        }
        Ok(())
    }
}

impl Contact {
    /// The text of a field.
    pub fn field(&self, name: &str) -> String {
        match name {
            "kind" => self.kind.as_str().to_owned(),
            "who" => self.who.clone(),
            "phone" => self.phone.clone(),
            "key" => if self.has_key { "yes" } else { "" }.to_owned(),
            "remark" => self.remark.clone(),
            _ => String::new(),
        }
    }

    /// Sets a field from its text.
    pub fn set(&mut self, name: &str, text: &str) -> Result<(), &'static str> {
        match name {
            "kind" => self.kind = word(text, &ContactKind::ALL, ContactKind::as_str)?.unwrap_or_default(),
            "who" => self.who = line(text, NAME_MAX)?,
            "phone" => self.phone = if_any(text, phone)?.unwrap_or_default(),
            "key" => self.has_key = matches!(text.trim(), "yes" | "1" | "x" | "true"),
            "remark" => self.remark = line(text, NAME_MAX)?,
            _ => return Err("card_no_field"),
        }
        Ok(())
    }

    /// Whether it says nothing, so that there is no contact.
    pub fn is_empty(&self) -> bool {
        self.who.is_empty() && self.phone.is_empty() && self.remark.is_empty()
    }
}

/// One line: what moves the cursor or hides is a space.
fn line(text: &str, length_max: usize) -> Result<String, &'static str> {
    let line: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    cut_nothing(line.trim(), length_max)
}

/// Several lines.
fn words(text: &str, length_max: usize) -> Result<String, &'static str> {
    let text = text.replace("\r\n", "\n");
    let text: String = text.chars().map(|c| if c.is_control() && c != '\n' { ' ' } else { c }).collect();
    cut_nothing(text.trim(), length_max)
}

/// Half a door code opens nothing: what is too long is refused, never cut.
fn cut_nothing(text: &str, length_max: usize) -> Result<String, &'static str> {
    if text.chars().count() > length_max { Err("card_too_long") } else { Ok(text.to_owned()) }
}

fn if_any<T>(text: &str, read: impl Fn(&str) -> Result<T, &'static str>) -> Result<Option<T>, &'static str> {
    match text.trim() {
        "" => Ok(None),
        text => read(text).map(Some),
    }
}

fn word<T: Copy>(text: &str, all: &[T], as_str: impl Fn(T) -> &'static str) -> Result<Option<T>, &'static str> {
    if_any(text, |text| all.iter().copied().find(|one| as_str(*one) == text).ok_or("card_bad_word"))
}

fn date(text: &str) -> Result<(i16, u8, u8), &'static str> {
    let mut parts = text.split(['-', '/', '.']);
    let mut part = || parts.next().and_then(|part| part.parse::<u16>().ok());
    let (Some(year), Some(month), Some(day)) = (part(), part(), part()) else { return Err("card_bad_date") };
    let is_date =
        (1880..=2100).contains(&year) && (1..=12).contains(&month) && (1..=days_in(year, month)).contains(&day);
    if is_date && parts.next().is_none() { Ok((year as i16, month as u8, day as u8)) } else { Err("card_bad_date") }
}

fn days_in(year: u16, month: u16) -> u16 {
    let is_leap = year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    match month {
        4 | 6 | 9 | 11 => 30,
        2 if is_leap => 29,
        2 => 28,
        _ => 31,
    }
}

fn minutes(text: &str) -> Result<u16, &'static str> {
    text.parse().ok().filter(|minutes| *minutes <= MINUTES_MAX).ok_or("card_bad_minutes")
}

fn bearing(text: &str) -> Result<u16, &'static str> {
    let nth = DIRECTIONS.iter().position(|direction| direction.eq_ignore_ascii_case(text)).ok_or("card_bad_word")?;
    Ok((nth as f64 * 22.5).round() as u16)
}

fn location(text: &str) -> Result<(f64, f64), &'static str> {
    let (lat, lon) = text.split_once([',', '，', ';']).or_else(|| text.split_once(' ')).ok_or("card_bad_location")?;
    let number = |text: &str, most: f64| text.trim().parse::<f64>().ok().filter(|n| n.is_finite() && n.abs() <= most);
    number(lat, 90.0).zip(number(lon, 180.0)).ok_or("card_bad_location")
}

/// As it is dialled; what a telephone cannot dial is refused.
fn phone(text: &str) -> Result<String, &'static str> {
    let number = line(text, PHONE_MAX)?;
    let is_dialled = number.chars().all(|c| c.is_ascii_digit() || "+-() /.*#,".contains(c));
    let digits = number.chars().filter(char::is_ascii_digit).count();
    if is_dialled && digits >= 3 { Ok(number) } else { Err("card_bad_phone") }
}

const PLACE_MAX: usize = 40;
const NAME_MAX: usize = 80;
const CODE_MAX: usize = 120;
const PHONE_MAX: usize = 40;
const WORDS_MAX: usize = 1_000;
/// Further away nobody walks.
const MINUTES_MAX: u16 = 600;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_written_of_a_card_makes_the_same_card() {
        let mut card = Card::default();
        let texts = [
            "3号楼2单元201室",
            "red",
            "张",
            "1941-02-28",
            "粤语、普通话",
            "zhang",
            "09:30",
            "rooms",
            "南门\n二排",
            "6",
            "NNE",
            "23.7206, 103.2731",
            "1234#",
            "耳背",
            "2026-09",
        ];
        for (name, text) in FIELDS.into_iter().zip(texts) {
            assert_eq!(card.set(name, text), Ok(()), "{name}");
            assert_eq!(card.field(name), text, "{name}");
        }
        let mut again = Card::default();
        for name in FIELDS {
            again.set(name, &card.field(name)).unwrap();
        }
        assert_eq!(again, card);
        let mut contact = Contact::default();
        for (name, text) in CONTACT_FIELDS.into_iter().zip(["neighbour", "202", "+86 10-1234", "yes", "英语"]) {
            contact.set(name, text).unwrap();
            assert_eq!(contact.field(name), text);
        }
    }

    #[test]
    fn what_makes_no_sense_is_refused_and_changes_nothing() {
        let mut card = Card { place: "here".into(), ..Card::default() };
        let long = "长".repeat(10_000);
        for (name, text, fault) in [
            ("place", &*long, "card_too_long"),
            ("health", &*long, "card_too_long"),
            ("class", "green", "card_bad_word"),
            ("born", "1941-02-29", "card_bad_date"),
            ("born", "1941", "card_bad_date"),
            ("born", "41-2-3-4", "card_bad_date"),
            ("minutes", "-1", "card_bad_minutes"),
            ("minutes", "601", "card_bad_minutes"),
            ("bearing", "up", "card_bad_word"),
            ("location", "91, 0", "card_bad_location"),
            ("location", "NaN, 0", "card_bad_location"),
            ("liaison", "a b", "card_bad_person"),
            ("contact_by", "25:00", "card_bad_time"),
            ("nothing", "x", "card_no_field"),
        ] {
            assert_eq!(card.set(name, text), Err(fault), "{name}");
        }
        assert_eq!(card, Card { place: "here".into(), ..Card::default() });
        let mut contact = Contact::default();
        for bad in ["<script>", "12", "call me", "一二三"] {
            assert_eq!(contact.set("phone", bad), Err("card_bad_phone"), "{bad}");
        }
    }

    #[test]
    fn a_line_stays_a_line_and_an_empty_text_is_unknown() {
        let mut card = Card::default();
        card.set("place", " a\nb\u{0} ").unwrap();
        card.set("directions", "a\r\nb").unwrap();
        assert_eq!((card.place.as_str(), card.way_in.directions.as_str()), ("a b", "a\nb"));
        for name in FIELDS {
            card.set(name, "").unwrap();
        }
        assert_eq!(card, Card::default());
    }

    #[test]
    fn every_direction_keeps_its_name_and_an_age_counts_from_the_birthday() {
        let mut card = Card { born: Some((1941, 11, 22)), ..Card::default() };
        for direction in DIRECTIONS {
            card.set("bearing", direction).unwrap();
            assert_eq!(card.field("bearing"), direction);
        }
        card.way_in.bearing_degrees = Some(359);
        assert_eq!(card.field("bearing"), "N");
        assert_eq!((card.age_on((2026, 11, 21)), card.age_on((2026, 11, 22))), (Some(84), Some(85)));
        assert_eq!(card.age_on((1900, 1, 1)), None);
    }
}
