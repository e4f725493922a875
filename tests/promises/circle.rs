//! The circle as a plan: what `carecircle circle` counts is what asking every point for every home counts.

use crate::support::{carecircle, run};
use carecircle::config;
use carecircle::model::duty::DutyHours;
use carecircle::model::time::Span;
use std::collections::BTreeMap;
use std::path::Path;
use unicode_width::UnicodeWidthStr;

const EXAMPLE: [&str; 5] =
    ["circle", "--points", "config/examples/circle/points.csv", "--homes", "config/examples/circle/homes.csv"];

fn circle(more: &[&str]) -> (String, String, i32) {
    run(&[&EXAMPLE[..], more].concat(), "")
}

#[test]
fn the_example_is_what_its_seed_makes_and_small() {
    let folder = tempfile::tempdir().unwrap();
    let (said, _, code) = run(&["circle", "--example", folder.path().to_str().unwrap()], "");
    assert!(code == 0 && said.contains("seed 1"), "{said}");
    let mut bytes = 0;
    for name in ["points.csv", "homes.csv"] {
        let shipped = std::fs::read(Path::new("config/examples/circle").join(name)).unwrap();
        assert!(shipped == std::fs::read(folder.path().join(name)).unwrap(), "{name} differs from what seed 1 makes");
        bytes += shipped.len();
    }
    assert!(bytes <= 150_000, "{bytes} bytes");
}

#[test]
fn what_is_counted_is_what_asking_everybody_for_everybody_counts() {
    let shipped = Path::new("config/examples/circle");
    compare(&shipped.join("points.csv"), &shipped.join("homes.csv"));
    for seed in [20_261_122_u32, 3, 4, 5] {
        eprintln!("seed {seed}");
        let folder = tempfile::tempdir().unwrap();
        let (dir, seed) = (folder.path().to_str().unwrap(), seed.to_string());
        let made = ["circle", "--example", dir, "--seed", &seed, "--points", "37", "--homes", "230"];
        assert_eq!(run(&made, "").2, 0);
        compare(&folder.path().join("points.csv"), &folder.path().join("homes.csv"));
    }
}

type Row = BTreeMap<String, String>;

fn rows(text: &[u8]) -> Vec<Row> {
    csv::Reader::from_reader(text).deserialize().map(|row| row.unwrap()).collect()
}

/// By the haversine, which the program does not use, and by every half hour of the week.
fn compare(points: &Path, homes: &Path) {
    let asked = ["circle", "--points", points.to_str().unwrap(), "--homes", homes.to_str().unwrap(), "--format", "csv"];
    let (found, said, code) = run(&asked, "");
    assert_eq!((code, said.as_str()), (0, ""));
    let (points, homes) = (rows(&std::fs::read(points).unwrap()), rows(&std::fs::read(homes).unwrap()));
    let mut sets: BTreeMap<Vec<usize>, u32> = BTreeMap::new();
    let duties: Vec<DutyHours> = points.iter().map(|point| point["on_duty"].parse().unwrap()).collect();
    for half_hour in 0..7 * 48 {
        let there = (0..points.len()).filter(|nth| duties[*nth].covers_usually(half_hour * 30)).collect();
        *sets.entry(there).or_default() += 1;
    }
    let found = rows(found.as_bytes());
    assert_eq!(found.len(), homes.len());
    for (home, found) in homes.iter().zip(&found) {
        let seconds: Vec<i64> = points.iter().map(|point| way(point, home)).collect();
        let by_set = sets.iter().map(|(set, half_hours)| (set.iter().map(|nth| seconds[*nth]).min(), half_hours));
        let by_set: Vec<(Option<i64>, &u32)> = by_set.collect();
        let in_time =
            by_set.iter().filter(|(time, _)| time.is_some_and(|time| time <= 900)).map(|(_, n)| **n).sum::<u32>();
        let slowest =
            by_set.iter().map(|(time, _)| *time).min_by_key(|time| time.map_or(i64::MIN, |time| -time)).flatten();
        let expected = [by_set.iter().filter_map(|(time, _)| *time).min(), slowest].map(minutes);
        assert_eq!([&found["minutes"], &found["slowest_minutes"]], [&expected[0], &expected[1]], "{home:?}");
        assert_eq!(found["hours_in_time"], format!("{:.1}", f64::from(in_time) / 2.0), "{home:?}");
    }
}

fn minutes(seconds: Option<i64>) -> String {
    seconds.map_or_else(String::new, |seconds| ((seconds + 59) / 60).to_string())
}

fn way(point: &Row, home: &Row) -> i64 {
    if let Some((_, time)) = home["travel"].split_once(' ').filter(|(id, _)| *id == point["id"]) {
        return time.trim_end_matches('m').parse::<i64>().unwrap() * 60;
    }
    let radians = |row: &Row, key: &str| row[key].parse::<f64>().unwrap().to_radians();
    let (a, b) = (radians(point, "latitude"), radians(home, "latitude"));
    let east = radians(point, "longitude") - radians(home, "longitude");
    let half = ((a - b) / 2.0).sin().powi(2) + a.cos() * b.cos() * (east / 2.0).sin().powi(2);
    let metres = 2.0 * 6_371_008.8 * half.sqrt().asin();
    let kmh = BTreeMap::from([("foot", 4.5), ("e_bike", 15.0), ("car", 20.0)])[point["by"].as_str()];
    120 + (metres * 1.3 * 3.6 / kmh).ceil() as i64
}

#[test]
fn the_table_fits_a_terminal_with_its_columns_under_one_another() {
    for more in [&["--more", "3"][..], &["--at", "2027-02-06T10:00"], &["--within", "9m", "--more", "0"]] {
        let (table, said, code) = circle(more);
        assert_eq!((code, said.as_str()), (0, ""));
        for line in table.lines() {
            assert!(line.width() <= 80, "{} columns: {line}", line.width());
        }
        let column = |line: &str| line.trim_end().width();
        let begin = table.lines().position(|line| line.starts_with("homes reached within")).unwrap();
        let rows = table
            .lines()
            .skip(begin)
            .take_while(|line| !line.is_empty())
            .filter(|line| line.ends_with(|c: char| c.is_ascii_digit() || c == 'y'));
        let ends: Vec<usize> = rows.filter(|line| line.width() > 60).map(column).collect();
        assert!(ends.len() >= 2 && ends.windows(2).all(|pair| pair[0] == pair[1]), "{ends:?}\n{table}");
    }
}

#[test]
fn a_holiday_counts_at_its_instant_and_not_in_the_usual_week() {
    let on_duty = |more: &[&str]| -> u64 {
        let (json, _, _) = circle(&[&["--format", "json"], more].concat());
        let json: serde_json::Value = serde_json::from_str(&json).unwrap();
        json["shifts"].as_array().unwrap().iter().map(|shift| shift["points_on_duty"].as_u64().unwrap()).max().unwrap()
    };
    // The same hour of a Friday in two weeks; in the second some points keep holiday.
    let (usual, holiday) = (on_duty(&["--at", "2027-01-29 15:00"]), on_duty(&["--at", "2027-02-05 15:00"]));
    assert_eq!((usual, on_duty(&[])), (191, 191));
    assert!(holiday < usual && holiday > 100, "{holiday} points");
}

#[test]
fn every_format_tells_of_every_home_and_the_drawing_is_whole() {
    let folder = tempfile::tempdir().unwrap();
    let svg = folder.path().join("circle.svg");
    let (geojson, _, _) = circle(&["--format", "geojson", "--svg", svg.to_str().unwrap(), "--more", "2"]);
    let geojson: serde_json::Value = serde_json::from_str(&geojson).unwrap();
    let of_kind = |kind: &str| {
        geojson["features"].as_array().unwrap().iter().filter(|one| one["properties"]["kind"] == kind).count()
    };
    assert_eq!(["point", "home", "proposed"].map(of_kind), [191, 1800, 2]);
    assert!(
        geojson["features"][0]["geometry"]["coordinates"][0].as_f64().unwrap() > 100.0,
        "the longitude comes first"
    );
    let (csv, _, _) = circle(&["--format", "csv"]);
    let unreached = rows(csv.as_bytes()).iter().filter(|row| row["hours_in_time"] == "0.0").count();
    let (json, _, _) = circle(&["--format", "json"]);
    let json: serde_json::Value = serde_json::from_str(&json).unwrap();
    let open = json["homes_not_always_in_time"].as_array().unwrap();
    assert_eq!(open.iter().filter(|home| home["in_time"] == 0.0).count(), unreached);
    let minutes: u64 =
        json["shifts"].as_array().unwrap().iter().map(|shift| shift["minutes_of_week"].as_u64().unwrap()).sum();
    assert_eq!(minutes, 7 * 24 * 60);
    let (load, _, _) = circle(&["--format", "csv", "--rows", "points"]);
    let mut by_hours: BTreeMap<String, u64> = BTreeMap::new();
    for row in rows(load.as_bytes()) {
        *by_hours.entry(row["hours"].clone()).or_default() += row["homes"].parse::<u64>().unwrap();
    }
    assert!(by_hours.values().all(|homes| *homes == 1800), "every home has one nearest point: {by_hours:?}");
    let svg = std::fs::read_to_string(svg).unwrap();
    assert!(svg.starts_with("<svg xmlns=") && svg.ends_with("</svg>\n") && !svg.contains("NaN"));
    assert!(
        svg.len() < 150_000 && !svg.contains("http://www.w3.org/1999/xlink") && !svg.contains("<image"),
        "{}",
        svg.len()
    );
}

#[test]
fn one_more_point_where_it_is_said_to_help_helps_as_much() {
    let folder = tempfile::tempdir().unwrap();
    let counted = |points: &str| -> serde_json::Value {
        let homes = "config/examples/circle/homes.csv";
        serde_json::from_str(&run(&["circle", "--points", points, "--homes", homes, "--format", "json"], "").0).unwrap()
    };
    let open = |json: &serde_json::Value| json["homes_not_always_in_time"].as_array().unwrap().len() as u64;
    let shipped = "config/examples/circle/points.csv";
    let before = counted(shipped);
    let place = &before["more"][0];
    let (latitude, longitude) = (place["latitude"].as_f64().unwrap(), place["longitude"].as_f64().unwrap());
    let points = folder.path().join("points.csv");
    let by = before["more_by"].as_str().unwrap();
    let text = std::fs::read_to_string(shipped).unwrap() + &format!("new,New,{latitude},{longitude},{by},always,1\n");
    std::fs::write(&points, text).unwrap();
    let after = counted(points.to_str().unwrap());
    assert_eq!(open(&before) - open(&after), place["homes"].as_u64().unwrap());
}

#[test]
fn a_wrong_sheet_is_refused_with_line_and_column() {
    let folder = tempfile::tempdir().unwrap();
    let points = folder.path().join("points.csv");
    std::fs::write(&points, "id,name,latitude,longitude\na,甲,23.7,103.2\na,乙,103.2,23.7\n").unwrap();
    let asked = ["circle", "--points", points.to_str().unwrap(), "--homes", "config/examples/circle/homes.csv"];
    let output = carecircle(&asked).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), output.stdout.len()), (Some(1), 0));
    assert!(said.contains("points.csv:3:5: a latitude of 103.2 does not exist") && said.contains("swapped"), "{said}");
    let (_, said, code) = run(&["circle", "--points", "nowhere.csv", "--homes", "x"], "");
    assert!(code == 1 && said.contains("nowhere.csv: there is no such file"), "{said}");
    let (_, said, code) = run(&["circle"], "");
    assert!(code == 1 && said.contains("--points is missing"), "{said}");
    let (_, said, code) = circle(&["--at", "tomorrow"]);
    assert!(code == 1 && said.contains("write it as 2027-02-06T22:30"), "{said}");
    let (help, _, _) = run(&["circle", "--help"], "");
    for column in ["id", "latitude", "longitude", "by", "on_duty", "capacity", "place", "travel"] {
        assert!(help.contains(&format!("\n  {column}")), "{column} is not in --help");
    }
}

#[test]
fn a_homes_way_to_its_points_is_measured_or_estimated() {
    let sample = std::fs::read_to_string("config/examples/one_room_flat.toml").unwrap();
    let sample = sample.replacen("[home]\n", "[home]\nlocation = { latitude = 23.7142, longitude = 103.2667 }\n", 1);
    let at = sample.find("travel = \"").unwrap();
    let end = at + sample[at..].find('\n').unwrap();
    let place = "location = { latitude = 23.7242, longitude = 103.2667 }";
    let travel = |lines: &str| {
        let text = format!("{}{lines}{}", &sample[..at], &sample[end..]);
        let (gateway, problems) = config::gateway("x.toml", &text);
        gateway.unwrap_or_else(|| panic!("{problems:?}")).circle.points[0].travel
    };
    // A hundredth of a degree northwards is 1112 m, 1446 m by road.
    assert_eq!(travel(&format!("{place}\nby = \"e_bike\"")), Span::seconds(467));
    assert_eq!(travel(&format!("{place}\nby = \"foot\"")), Span::seconds(1277));
    assert_eq!(travel(&format!("{place}\nby = \"foot\"\ntravel = \"6m\"")), Span::minutes(6), "measured minutes win");
}
