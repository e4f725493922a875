//! Counts side by side: how quickly, per week, of which kind. Numbers stand at the bars, so that colour is never needed.

use super::material::Caption;
use super::svg::{Drawing, number, rectangle};

/// What [`bars`] is drawn of.
#[derive(Debug, Clone, PartialEq)]
pub struct Bars {
    /// The picture's name on its page.
    pub id: &'static str,
    /// What it says of itself.
    pub title: String,
    /// The same for those who cannot see it.
    pub description: String,
    /// The words below each group.
    pub labels: Vec<String>,
    /// Name and heights of each series, as many heights as labels; up to three series.
    pub series: Vec<(String, Vec<usize>)>,
    /// A line behind the group of this number: up to there it is as promised; with its words.
    pub promise: Option<(usize, String)>,
}

const WIDTH: f64 = 720.0;
const HEIGHT: f64 = 250.0;
const LEFT: f64 = 10.0;
const TOP: f64 = 46.0;
/// Below the bars: their labels.
const FOOT: f64 = 50.0;
const BAR_MAX: f64 = 46.0;

/// The drawing.
pub fn bars(bars: &Bars) -> String {
    let caption =
        Caption { title: bars.title.clone(), description: bars.description.clone(), weekdays: [""; 7], hours: "" };
    let mut drawing = Drawing::new(bars.id, WIDTH, HEIGHT, &caption);
    let most = bars.series.iter().flat_map(|(_, heights)| heights).max().copied().unwrap_or_default().max(1);
    let (groups, series) = (bars.labels.len().max(1), bars.series.len().clamp(1, SERIES_MAX));
    let step = (WIDTH - 2.0 * LEFT) / groups as f64;
    let width = (step * 0.8 / series as f64).min(BAR_MAX);
    let floor = HEIGHT - FOOT;
    for (nth, (_, heights)) in bars.series.iter().enumerate().take(SERIES_MAX) {
        let mut path = String::new();
        for (group, height) in heights.iter().enumerate().take(groups) {
            let middle = LEFT + step * (group as f64 + 0.5);
            let x = middle + (nth as f64 - series as f64 / 2.0) * width;
            let tall = (floor - TOP) * *height as f64 / most as f64;
            if *height > 0 {
                rectangle(&mut path, x + 1.0, floor - tall, width - 2.0, tall);
            }
            // Numbers of groups that stand close would cover each other.
            if width >= 14.0 && (*height > 0 || series == 1) {
                drawing.words("count", x + width / 2.0, floor - tall - 9.0, &height.to_string());
            }
        }
        fill(&mut drawing, bars.id, nth, &path);
    }
    drawing.path("floor", &format!("M{} {}H{}", number(LEFT), number(floor), number(WIDTH - LEFT)));
    // Labels that would touch stand on two lines in turn; where that is not enough, some are left to the table.
    let lines = if step < LABEL { 2 } else { 1 };
    let every = (LABEL / step / lines as f64).ceil().max(1.0) as usize;
    for (group, label) in bars.labels.iter().enumerate().filter(|(group, _)| group % every == 0) {
        let line = (group / every % lines) as f64;
        drawing.words("count", LEFT + step * (group as f64 + 0.5), floor + 16.0 + 18.0 * line, label);
    }
    if let Some((group, words)) = &bars.promise {
        let x = LEFT + step * *group as f64;
        drawing.path("promise", &format!("M{} {}V{}", number(x), number(TOP - 26.0), number(floor)));
        drawing.words("promised", x + 6.0, TOP - 22.0, words);
    }
    legend(&mut drawing, bars);
    drawing.end()
}

/// Full, hatched, hollow: told apart on grey paper too.
fn fill(drawing: &mut Drawing, id: &str, nth: usize, path: &str) {
    if nth == 1 {
        drawing.hatched(id, path);
    }
    drawing.path(["full", "lined", "hollow"][nth.min(SERIES_MAX - 1)], path);
}

fn legend(drawing: &mut Drawing, bars: &Bars) {
    if bars.series.len() < 2 {
        return;
    }
    for (nth, (name, _)) in bars.series.iter().enumerate().take(SERIES_MAX) {
        let x = LEFT + nth as f64 * (WIDTH - 2.0 * LEFT) / SERIES_MAX as f64;
        let mut path = String::new();
        rectangle(&mut path, x, 8.0, 16.0, 14.0);
        fill(drawing, bars.id, nth, &path);
        drawing.words("legend", x + 24.0, 16.0, name);
    }
}

const SERIES_MAX: usize = 3;
/// What a label takes.
const LABEL: f64 = 96.0;

#[cfg(test)]
mod tests {
    use super::*;

    fn drawn(heights: Vec<usize>) -> String {
        let labels = heights.iter().map(|n| format!("<{n}")).collect();
        let series = vec![("all".into(), heights.clone()), ("& quick".into(), heights)];
        let promise = Some((1, "60 s".into()));
        bars(&Bars { id: "x", title: "t".into(), description: "d".into(), labels, series, promise })
    }

    #[test]
    fn bars_stand_in_the_picture_and_their_numbers_beside_them() {
        let svg = drawn(vec![3, 0, 1]);
        assert!(svg.contains(">3</text>") && svg.contains("&lt;0") && svg.contains("&amp; quick"), "{svg}");
        assert!(svg.contains("class=\"full\"") && svg.contains("url(#x-hatch)") && !svg.contains("style="), "{svg}");
    }

    #[test]
    fn nothing_and_very_much_are_drawn_too() {
        for heights in [vec![], vec![0], vec![usize::MAX >> 12; 60]] {
            let svg = drawn(heights);
            assert!(!svg.contains("NaN") && !svg.contains("inf"), "{svg}");
        }
    }
}
