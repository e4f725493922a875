//! A made-up city for `carecircle circle`: neighbourhoods, villages round them, service points and homes, from one seed.
//!
//! Nobody lives there and no such place exists: names are put together from words, coordinates lie about a point that the
//! seed does not choose.

use crate::sim::chance::Chance;
use std::fmt::Write;

/// Points and homes as CSV.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct City {
    /// `id,name,latitude,longitude,by,on_duty,capacity`
    pub points: String,
    /// `id,place,latitude,longitude,travel`
    pub homes: String,
}

const MIDDLE: (f64, f64) = (23.7142, 103.2667);
const KM_OF_DEGREE: f64 = 111.195;
/// Points of a neighbourhood.
const POINTS_EACH: u32 = 8;

const WORDS: [&str; 16] = [
    "云雀", "萤火", "竹影", "麦浪", "苔痕", "橘灯", "纸鸢", "雪松", "青梅", "白鹭", "石榴", "山茶", "芦花", "松针",
    "月见", "星露",
];
const KINDS: [(&str, f64); 3] = [("里", 3.0), ("坊", 2.0), ("苑", 2.0)];

/// Where people live close together.
struct Neighbourhood {
    name: String,
    /// Kilometres east and north of the middle.
    middle: (f64, f64),
    /// How far it spreads.
    spread: f64,
    /// How many live there.
    weight: f64,
}

impl City {
    /// So many points and homes; the same for the same seed.
    pub fn new(seed: u64, points: u32, homes: u32) -> City {
        let neighbourhoods = neighbourhoods(seed, points);
        let placed = write_points(seed, points, &neighbourhoods);
        City { homes: write_homes(seed, homes, &neighbourhoods, &placed.1), points: placed.0 }
    }
}

fn neighbourhoods(seed: u64, points: u32) -> Vec<Neighbourhood> {
    let mut chance = Chance::stream(seed, "neighbourhoods");
    let count = (points / POINTS_EACH).clamp(3, 2000);
    // As dense as a town, however many there are.
    let town = 1.6 * f64::from(count).sqrt();
    (0..count)
        .map(|nth| {
            // A fifth are villages further out, small and thin.
            let is_village = nth % 5 == 4;
            let (reach, weight) = if is_village { (town * 1.9, 0.25) } else { (town * 0.8, 1.0) };
            let word = WORDS[(chance.unit() * WORDS.len() as f64) as usize % WORDS.len()];
            let kind = chance.pick(&KINDS).unwrap_or("里");
            Neighbourhood {
                name: format!("{word}{kind}"),
                middle: (chance.about(0.0, reach / 2.0), chance.about(0.0, reach / 2.0)),
                spread: if is_village { 1.4 } else { chance.between(0.4, 0.9) },
                weight: weight * chance.between(0.4, 1.6),
            }
        })
        .collect()
}

fn spot(chance: &mut Chance, neighbourhoods: &[Neighbourhood], choices: &[(usize, f64)]) -> (usize, f64, f64) {
    let nth = chance.pick(choices).unwrap_or(0);
    let Neighbourhood { middle, spread, .. } = &neighbourhoods[nth];
    let (east, north) = (chance.about(middle.0, *spread), chance.about(middle.1, *spread));
    let narrowing = MIDDLE.0.to_radians().cos();
    (nth, MIDDLE.0 + north / KM_OF_DEGREE, MIDDLE.1 + east / KM_OF_DEGREE / narrowing)
}

/// The sheet, and in which neighbourhood each point stands.
fn write_points(seed: u64, count: u32, neighbourhoods: &[Neighbourhood]) -> (String, Vec<usize>) {
    let mut chance = Chance::stream(seed, "points");
    // Villages have fewer points than people.
    let choices: Vec<(usize, f64)> =
        (0..).zip(neighbourhoods).map(|(nth, one)| (nth, one.weight * one.weight)).collect();
    let ways = [("e_bike", 6.0), ("foot", 3.0), ("car", 1.0)];
    let duties = [
        ("Mon-Fri 08:00-18:00, Sat 09:00-12:00", 5.0),
        ("Mon-Sun 08:00-20:00", 3.0),
        ("Mon-Sun 08:00-20:00, 2027-02-05..2027-02-11 09:00-12:00", 1.0),
        ("always", 1.0),
    ];
    let mut sheet = String::from("id,name,latitude,longitude,by,on_duty,capacity\n");
    let mut placed = Vec::new();
    for nth in 1..=count {
        let (where_, latitude, longitude) = spot(&mut chance, neighbourhoods, &choices);
        let (way, duty) = (chance.pick(&ways).unwrap_or("foot"), chance.pick(&duties).unwrap_or("always"));
        let capacity = chance.pick(&[("1", 5.0), ("2", 3.0), ("3", 1.0), ("", 1.0)]).unwrap_or("");
        let name = &neighbourhoods[where_].name;
        let duty = if duty.contains(',') { format!("\"{duty}\"") } else { duty.to_owned() };
        // Writing to a text cannot fail.
        writeln!(sheet, "p{nth:03},{name}{nth}号服务点,{latitude:.5},{longitude:.5},{way},{duty},{capacity}").ok();
        placed.push(where_);
    }
    (sheet, placed)
}

fn write_homes(seed: u64, count: u32, neighbourhoods: &[Neighbourhood], points: &[usize]) -> String {
    let mut chance = Chance::stream(seed, "homes");
    let choices: Vec<(usize, f64)> = (0..).zip(neighbourhoods).map(|(nth, one)| (nth, one.weight)).collect();
    let first_points: Vec<Option<usize>> =
        (0..neighbourhoods.len()).map(|nth| points.iter().position(|point| *point == nth)).collect();
    let mut sheet = String::from("id,place,latitude,longitude,travel\n");
    for nth in 1..=count {
        let (where_, latitude, longitude) = spot(&mut chance, neighbourhoods, &choices);
        let (building, unit, floor) = (chance.between(1.0, 40.0), chance.between(1.0, 5.0), chance.between(1.0, 7.0));
        let place = format!("{}栋{}单元{}0{}", building as u8, unit as u8, floor as u8, chance.between(1.0, 5.0) as u8);
        // Somebody has walked one way in fifty with a watch.
        let own = first_points.get(where_).copied().flatten().filter(|_| chance.happens(0.02));
        let travel =
            own.map_or_else(String::new, |point| format!("p{:03} {}m", point + 1, chance.between(4.0, 20.0) as u8));
        writeln!(sheet, "h{nth:04},{place},{latitude:.5},{longitude:.5},{travel}").ok();
    }
    sheet
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_seed_is_a_city_and_another_seed_another() {
        assert_eq!(City::new(1, 30, 200), City::new(1, 30, 200));
        assert_ne!(City::new(1, 30, 200), City::new(2, 30, 200));
        let city = City::new(1, 30, 200);
        assert_eq!((city.points.lines().count(), city.homes.lines().count()), (31, 201));
    }
}
