//! A thin strip of days: when something could be heard, and when not.

use super::days::{merged, within, without};
use super::material::Stretch;
use super::svg::{escaped, number, rectangle};

/// A strip from the begin of `whole` to its end: `heard` from the first word to the last, without the `silent` spans in it, which
/// are hatched, and without what was `unwatched`, of which nothing is drawn.
///
/// The hatching is that of the picture `activity` on the same page.
pub fn strip(whole: Stretch, heard: Option<Stretch>, silent: &[Stretch], unwatched: &[Stretch], words: &str) -> String {
    let length = (whole.to - whole.from).num_seconds().max(1) as f64;
    let x = |at| ((at - whole.from) as chrono::TimeDelta).num_seconds() as f64 / length * WIDTH;
    let part = |stretch: Stretch, path: &mut String| {
        let stretch = within(stretch, whole);
        if stretch.to > stretch.from {
            // What is too short to be seen is drawn as wide as can be seen.
            let width = (x(stretch.to) - x(stretch.from)).max(1.5);
            rectangle(path, x(stretch.from), 2.0, width, HEIGHT - 4.0);
        }
    };
    let (mut alive, mut dead) = (String::new(), String::new());
    heard.into_iter().flat_map(|heard| without(heard, unwatched)).for_each(|heard| part(heard, &mut alive));
    merged(silent).into_iter().for_each(|silent| part(silent, &mut dead));
    format!(
        "<svg class=\"strip\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" preserveAspectRatio=\"none\" role=\"img\"><title>{}</title>\
         <path class=\"ground\" d=\"M0 {y}H{WIDTH}\"/><path class=\"alive\" d=\"{alive}\"/>\
         <path class=\"gap\" d=\"{dead}\"/><path class=\"unknown\" fill=\"url(#activity-hatch)\" d=\"{dead}\"/></svg>",
        escaped(words),
        y = number(HEIGHT / 2.0),
    )
}

const WIDTH: f64 = 240.0;
const HEIGHT: f64 = 16.0;
