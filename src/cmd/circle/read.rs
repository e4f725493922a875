//! Service points and homes from their sheets; every mistake with line and column.

use super::sheet::{PROBLEMS_MAX, Row, Sheet};
use crate::cmd::progress::Progress;
use crate::model::duty::DutyHours;
use crate::model::place::Location;
use crate::model::time::{Span, parse_span};
use crate::problem::{Kind, Problem};
use crate::reach::{Home, Point, Way};
use std::collections::BTreeMap;
use std::path::Path;

/// What was read, and what is to be said of it.
pub(super) struct Read<T> {
    pub rows: Vec<T>,
    pub problems: Vec<Problem>,
}

impl<T> Read<T> {
    /// The rows, if no problem is an error.
    pub(super) fn good(self) -> Result<(Vec<T>, Vec<Problem>), Vec<Problem>> {
        let is_bad = self.problems.iter().any(|problem| problem.kind == Kind::Error);
        if is_bad { Err(self.problems) } else { Ok((self.rows, self.problems)) }
    }
}

/// Where the columns stand that both sheets have.
struct Columns {
    id: usize,
    latitude: usize,
    longitude: usize,
}

impl Columns {
    fn of(sheet: &Sheet) -> Result<Columns, Problem> {
        Ok(Columns {
            id: sheet.required(&["id"])?,
            latitude: sheet.required(&["latitude", "lat"])?,
            longitude: sheet.required(&["longitude", "lon", "lng"])?,
        })
    }
}

/// The sheet of service points.
pub(super) fn points(path: &Path) -> Result<Read<Point>, Problem> {
    read_points(&Sheet::open(path)?)
}

fn read_points(sheet: &Sheet) -> Result<Read<Point>, Problem> {
    let columns = Columns::of(sheet)?;
    let [name, by, on_duty, capacity] = ["name", "by", "on_duty", "capacity"].map(|name| sheet.column(&[name]));
    let mut gathered = Gathered::new(sheet);
    sheet.rows(|row| {
        let mut mistakes = Vec::new();
        let by = parsed(&row, by, Way::EBike, way, &mut mistakes);
        let on_duty = parsed(&row, on_duty, DutyHours::always(), |text| text.parse(), &mut mistakes);
        let capacity = parsed(&row, capacity, None, |text| at_once(text).map(Some), &mut mistakes);
        let id = id(&row, &columns, &mut mistakes);
        let location = location(&row, &columns, &mut mistakes);
        let name = row.get(name).map(str::to_owned);
        let point = id.zip(location).map(|(id, location)| Point {
            name: name.unwrap_or_else(|| id.to_owned()),
            id: id.to_owned(),
            location,
            by,
            on_duty,
            capacity,
        });
        gathered.add(&row, point, mistakes);
    })?;
    Ok(gathered.checked(&columns, |point| &point.id, |point| point.location, None))
}

/// The sheet of homes, whose measured minutes name `points`.
pub(super) fn homes(path: &Path, points: &[Point]) -> Result<Read<Home>, Problem> {
    read_homes(&Sheet::open(path)?, points)
}

fn read_homes(sheet: &Sheet, points: &[Point]) -> Result<Read<Home>, Problem> {
    let columns = Columns::of(sheet)?;
    let place = sheet.column(&["place", "name", "address"]);
    let travel = sheet.column(&["travel"]);
    let by_id: BTreeMap<&str, u32> = points.iter().map(|point| point.id.as_str()).zip(0..).collect();
    let mut gathered = Gathered::new(sheet);
    let mut progress = Progress::new("reading", sheet.len() as u64);
    sheet.rows(|row| {
        progress.passed(row.begin() as u64);
        let mut mistakes = Vec::new();
        let given = parsed(&row, travel, Box::default(), |text| measured(text, &by_id), &mut mistakes);
        let id = id(&row, &columns, &mut mistakes);
        let location = location(&row, &columns, &mut mistakes);
        let place = row.get(place).unwrap_or_default();
        let home = id.zip(location).map(|(id, location)| Home { id: id.into(), place: place.into(), location, given });
        gathered.add(&row, home, mistakes);
    })?;
    let middle = middle(points.iter().map(|point| point.location));
    Ok(gathered.checked(&columns, |home| &home.id, |home| home.location, middle))
}

/// What is wrong with a field: its column and why. Made a problem only if it is shown, for that looks for its line.
type Mistake = (Option<usize>, String);

/// The value of a field; the usual one where it is empty or wrong.
fn parsed<T>(
    row: &Row<'_>,
    column: Option<usize>,
    usual: T,
    parse: impl Fn(&str) -> Result<T, String>,
    mistakes: &mut Vec<Mistake>,
) -> T {
    match row.get(column).map(parse) {
        None => usual,
        Some(Ok(value)) => value,
        Some(Err(why)) => {
            mistakes.push((column, why));
            usual
        }
    }
}

fn id<'r>(row: &'r Row<'_>, columns: &Columns, mistakes: &mut Vec<Mistake>) -> Option<&'r str> {
    let id = row.get(Some(columns.id));
    if id.is_none() {
        mistakes.push((Some(columns.id), "this row has no id".to_owned()));
    }
    id
}

fn location(row: &Row<'_>, columns: &Columns, mistakes: &mut Vec<Mistake>) -> Option<Location> {
    let mut degrees = |column: usize, name: &str| {
        let text = row.get(Some(column)).unwrap_or_default();
        let number = text.parse::<f64>().ok();
        if number.is_none() {
            let what =
                if text.is_empty() { format!("the {name} is missing") } else { format!("{text:?} is no {name}") };
            mistakes.push((Some(column), format!("{what}; write degrees with a point: 23.71420")));
        }
        number
    };
    let (latitude, longitude) = (degrees(columns.latitude, "latitude"), degrees(columns.longitude, "longitude"));
    let location = Location::new(latitude?, longitude?);
    location.map_err(|why| mistakes.push((Some(columns.latitude), why))).ok()
}

fn way(text: &str) -> Result<Way, String> {
    Way::named(text).ok_or_else(|| format!("{text:?} is no way to travel; write foot, e_bike or car"))
}

fn at_once(text: &str) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=CAPACITY_MAX).contains(number));
    number.ok_or_else(|| format!("{text:?} is no number of alerts at once: 1 to {CAPACITY_MAX}, or nothing"))
}

/// `lehe 6m; nanmen 12m`
fn measured(text: &str, points: &BTreeMap<&str, u32>) -> Result<Box<[(u32, Span)]>, String> {
    let one = |part: &str| {
        let (id, time) = part.trim().rsplit_once(' ').ok_or_else(|| {
            format!("{part:?} is no measured time; write the point and the time: \"lehe 6m; nanmen 12m\"")
        })?;
        let id = id.trim();
        let point = points.get(id).copied().ok_or_else(|| format!("there is no service point {id:?}"))?;
        let time = parse_span(time)?;
        if time > TRAVEL_MAX {
            return Err(format!("{part:?} is longer than twelve hours"));
        }
        Ok((point, time))
    };
    text.split([';', ',']).filter(|part| !part.trim().is_empty()).map(one).collect()
}

const CAPACITY_MAX: u32 = 1000;
const TRAVEL_MAX: Span = Span::hours(12);
/// No home is this far from the points of its city.
const TOO_FAR_METRES: f64 = 300_000.0;

/// Rows with the places they come from.
struct Gathered<'s, T> {
    sheet: &'s Sheet,
    rows: Vec<T>,
    begins: Vec<usize>,
    problems: Vec<Problem>,
    /// Mistakes beyond those that are shown, and whether one of them is an error.
    further: usize,
    is_bad: bool,
}

impl<'s, T> Gathered<'s, T> {
    fn new(sheet: &'s Sheet) -> Gathered<'s, T> {
        Gathered { sheet, rows: Vec::new(), begins: Vec::new(), problems: Vec::new(), further: 0, is_bad: false }
    }

    fn add(&mut self, row: &Row<'_>, one: Option<T>, mistakes: Vec<Mistake>) {
        for (column, what) in mistakes {
            self.mistake(Kind::Error, |sheet| sheet.wrong(row.begin(), column, what));
        }
        if let Some(one) = one {
            self.rows.push(one);
            self.begins.push(row.begin());
        }
    }

    fn mistake(&mut self, kind: Kind, problem: impl FnOnce(&Sheet) -> Problem) {
        if self.problems.len() < PROBLEMS_MAX {
            self.problems.push(Problem { kind, ..problem(self.sheet) });
        } else {
            self.further += 1;
            self.is_bad |= kind == Kind::Error;
        }
    }

    /// What can be seen only when all rows are known: ids that come twice, places far from all others.
    fn checked(
        mut self,
        columns: &Columns,
        id: impl Fn(&T) -> &str,
        location: impl Fn(&T) -> Location,
        among: Option<Location>,
    ) -> Read<T> {
        if self.rows.is_empty() && self.problems.is_empty() {
            self.mistake(Kind::Error, |sheet| {
                Problem::of(sheet.file(), "there is no row below the names of the columns")
            });
        }
        let mut order: Vec<usize> = (0..self.rows.len()).collect();
        order.sort_by(|a, b| id(&self.rows[*a]).cmp(id(&self.rows[*b])).then(a.cmp(b)));
        let twice: Vec<(usize, usize)> = order
            .windows(2)
            .filter(|pair| id(&self.rows[pair[0]]) == id(&self.rows[pair[1]]))
            .map(|p| (p[0], p[1]))
            .collect();
        for (first, second) in twice {
            let (first, again, name) = (self.begins[first], self.begins[second], id(&self.rows[second]).to_owned());
            self.mistake(Kind::Error, |sheet| {
                let what = format!("the id {name:?} stands in line {} already", sheet.line(first));
                sheet.wrong(again, Some(columns.id), what)
            });
        }
        if let Some(middle) = among.or_else(|| middle(self.rows.iter().map(&location))) {
            for nth in 0..self.rows.len() {
                if let Some((what, is_swap)) = astray(location(&self.rows[nth]), middle) {
                    let begin = self.begins[nth];
                    let kind = if is_swap { Kind::Error } else { Kind::Warning };
                    self.mistake(kind, |sheet| sheet.wrong(begin, Some(columns.latitude), what));
                }
            }
        }
        if self.further > 0 {
            let what = format!("{} more such mistakes", self.further);
            let kind = if self.is_bad { Kind::Error } else { Kind::Warning };
            self.problems.push(Problem { kind, ..Problem::of(self.sheet.file(), what) });
        }
        Read { rows: self.rows, problems: self.problems }
    }
}

/// The middle one of the latitudes and of the longitudes: no few wrong rows can move it far.
fn middle(locations: impl Iterator<Item = Location>) -> Option<Location> {
    let (mut latitudes, mut longitudes): (Vec<f64>, Vec<f64>) =
        locations.map(|location| (location.latitude(), location.longitude())).unzip();
    latitudes.sort_by(f64::total_cmp);
    longitudes.sort_by(f64::total_cmp);
    let middle = latitudes.len() / 2;
    Location::new(*latitudes.get(middle)?, *longitudes.get(middle)?).ok()
}

/// What is to be said of a place far from where all others are, and whether it is surely a swap.
fn astray(location: Location, middle: Location) -> Option<(String, bool)> {
    let metres = location.metres_to(middle);
    if metres <= TOO_FAR_METRES {
        return None;
    }
    let swapped = Location::new(location.longitude(), location.latitude()).ok();
    let is_swap = swapped.is_some_and(|swapped| swapped.metres_to(middle) <= TOO_FAR_METRES);
    let far = format!("this is {:.0} km from the middle of all service points", metres / 1000.0);
    Some(match is_swap {
        true => (format!("{far}; with latitude and longitude swapped it is among them"), true),
        false => (far, false),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sheet(text: &str) -> Sheet {
        Sheet::of("x.csv".into(), text.into()).unwrap()
    }

    fn said(problems: &[Problem]) -> String {
        problems.iter().map(|problem| format!("{problem}\n")).collect()
    }

    #[test]
    fn every_mistake_of_a_sheet_is_said_with_line_and_column() {
        let text = "id,name,latitude,longitude,by,on_duty,capacity\n\
                    a,Alpha,23.7,103.2,foot,Mon-Fri 08:00-18:00,2\n\
                    a,Beta,23.7,103.2,,,\n\
                    c,Gamma,\"23,7\",,bike,weekdays,0\n\
                    d,Delta,103.2,23.7,car,always,\n\
                    ,Nobody,23.7,103.2,,,\n";
        let said = said(&read_points(&sheet(text)).unwrap().good().unwrap_err());
        for wanted in [
            "x.csv:3:1: the id \"a\" stands in line 2 already",
            "x.csv:4:9: \"23,7\" is no latitude",
            "x.csv:4:16: the longitude is missing",
            "x.csv:4:17: \"bike\" is no way to travel",
            "x.csv:4:22: \"weekdays\" are no duty hours",
            "x.csv:4:31: \"0\" is no number of alerts at once",
            "x.csv:5:9: a latitude of 103.2 does not exist",
            "x.csv:6:1: this row has no id",
        ] {
            assert!(said.contains(wanted), "{wanted}\n{said}");
        }
        assert!(said.contains("they look swapped"), "{said}");
    }

    #[test]
    fn a_swap_that_both_columns_allow_is_seen_by_its_neighbours() {
        let points = "id,lat,lon\na,47.1,8.5\nb,47.2,8.6\nc,47.0,8.4\n";
        let (points, _) = read_points(&sheet(points)).unwrap().good().unwrap();
        let homes = "id,lat,lon\nh1,47.1,8.5\nh2,8.5,47.1\n";
        let said_of = |homes: &str| said(&read_homes(&sheet(homes), &points).unwrap().problems);
        let swapped = said_of(homes);
        assert!(swapped.contains("x.csv:3:4: this is") && swapped.contains("swapped it is among them"), "{swapped}");
        let far = said_of("id,lat,lon\nh1,47.1,8.5\nh2,27.1,8.5\n");
        assert!(far.contains("warning: this is 2224 km from the middle"), "{far}");
    }

    #[test]
    fn measured_minutes_name_a_point_that_exists() {
        let (points, _) =
            read_points(&sheet("id,lat,lon\nlehe,23.7,103.2\nnanmen,23.7,103.3\n")).unwrap().good().unwrap();
        let homes = |travel: &str| read_homes(&sheet(&format!("id,lat,lon,travel\nh,23.7,103.2,{travel}\n")), &points);
        let (good, _) = homes("lehe 6m; nanmen 1h 5m".replace("1h 5m", "65m").as_str()).unwrap().good().unwrap();
        assert_eq!(*good[0].given, [(0, Span::minutes(6)), (1, Span::minutes(65))]);
        for (travel, wanted) in
            [("lehi 6m", "no service point \"lehi\""), ("lehe", "is no measured time"), ("lehe 6", "length of time")]
        {
            let said = said(&homes(travel).unwrap().problems);
            assert!(said.contains(wanted), "{travel}: {said}");
        }
    }

    #[test]
    fn one_mistake_made_a_thousand_times_is_not_printed_a_thousand_times() {
        let rows: String = (0..1000).map(|nth| format!("h{nth},x,103.2\n")).collect();
        let problems = read_homes(&sheet(&format!("id,lat,lon\n{rows}")), &[]).unwrap().problems;
        assert_eq!(problems.len(), PROBLEMS_MAX + 1);
        assert!(said(&problems).contains("980 more such mistakes"));
    }
}
