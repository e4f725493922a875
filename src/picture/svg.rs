//! SVG text: escaping, numbers, rectangles in one path, the shapes of the desk.

use super::material::{Caption, Shape};
use std::fmt::Write;

/// `text` as it may stand in HTML and SVG, inside an element and inside an attribute.
pub fn escaped(text: &str) -> String {
    let mut safe = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => safe.push_str("&amp;"),
            '<' => safe.push_str("&lt;"),
            '>' => safe.push_str("&gt;"),
            '"' => safe.push_str("&quot;"),
            '\'' => safe.push_str("&#39;"),
            // Neither XML nor a reader has a use for them.
            c if c.is_control() => safe.push(' '),
            c => safe.push(c),
        }
    }
    safe
}

/// A drawing that grows.
pub(super) struct Drawing {
    text: String,
}

impl Drawing {
    /// An empty one of this size. `id` is that of the picture on its page.
    pub(super) fn new(id: &str, width: f64, height: f64, caption: &Caption) -> Drawing {
        let mut text = String::new();
        let (title, description) = (escaped(&caption.title), escaped(&caption.description));
        text.push_str(&format!(
            "<svg class=\"picture {id}\" viewBox=\"0 0 {} {}\" role=\"img\" aria-labelledby=\"{id}-title {id}-desc\">\n\
             <title id=\"{id}-title\">{title}</title>\n<desc id=\"{id}-desc\">{description}</desc>\n\
             <defs><pattern id=\"{id}-hatch\" width=\"6\" height=\"6\" patternUnits=\"userSpaceOnUse\" \
             patternTransform=\"rotate(45)\"><path class=\"hatch\" d=\"M1 0V6\"/></pattern></defs>\n",
            number(width),
            number(height),
        ));
        Drawing { text }
    }

    /// A path of this class; nothing where it is empty.
    pub(super) fn path(&mut self, class: &str, path: &str) {
        if !path.is_empty() {
            self.line(&format!("<path class=\"{class}\" d=\"{path}\"/>"));
        }
    }

    /// A path of this class with words that appear on pointing at it.
    pub(super) fn titled(&mut self, class: &str, path: &str, words: &str) {
        self.line(&format!("<path class=\"{class}\" d=\"{path}\"><title>{}</title></path>", escaped(words)));
    }

    /// A path filled with the hatching of the picture.
    pub(super) fn hatched(&mut self, id: &str, path: &str) {
        if !path.is_empty() {
            self.line(&format!("<path class=\"unknown\" fill=\"url(#{id}-hatch)\" d=\"{path}\"/>"));
        }
    }

    /// Words at a place.
    pub(super) fn words(&mut self, class: &str, x: f64, y: f64, words: &str) {
        let (x, y, words) = (number(x), number(y), escaped(words));
        self.line(&format!("<text class=\"{class}\" x=\"{x}\" y=\"{y}\">{words}</text>"));
    }

    /// A shape of the desk with words that appear on pointing at it.
    pub(super) fn mark(&mut self, shape: Shape, x: f64, y: f64, radius: f64, words: &str) {
        let (class, path) = (class(shape), outline(shape, x, y, radius));
        self.line(&format!("<path class=\"mark {class}\" d=\"{path}\"><title>{}</title></path>", escaped(words)));
    }

    /// A line that is markup already.
    pub(super) fn raw(&mut self, markup: &str) {
        self.line(markup);
    }

    fn line(&mut self, line: &str) {
        self.text.push_str(line);
        self.text.push('\n');
    }

    /// The whole.
    pub(super) fn end(mut self) -> String {
        self.text.push_str("</svg>\n");
        self.text
    }
}

/// A shape of the desk by itself, for a legend.
pub fn shape(shape: Shape) -> String {
    let (class, path) = (class(shape), outline(shape, 8.0, 8.0, 7.0));
    format!(
        "<svg class=\"key\" viewBox=\"0 0 16 16\" aria-hidden=\"true\"><path class=\"mark {class}\" d=\"{path}\"/></svg>"
    )
}

/// Adds a rectangle to a path.
pub(super) fn rectangle(path: &mut String, x: f64, y: f64, width: f64, height: f64) {
    let (x, y, width, height) = (number(x), number(y), number(width), number(height));
    // Writing to a text cannot fail.
    write!(path, "M{x} {y}h{width}v{height}H{x}z").ok();
}

/// A number with at most one digit behind the point.
pub(super) fn number(number: f64) -> String {
    let rounded = (number * 10.0).round() / 10.0;
    // No "-0".
    if rounded == 0.0 { "0".to_owned() } else { format!("{rounded}") }
}

fn class(shape: Shape) -> &'static str {
    match shape {
        Shape::Emergency => "emergency",
        Shape::Urgent => "urgent",
        Shape::Notice => "notice",
        Shape::Blind => "blind",
    }
}

fn outline(shape: Shape, x: f64, y: f64, r: f64) -> String {
    let corner = 0.414 * r;
    let points: Vec<(f64, f64)> = match shape {
        Shape::Emergency => vec![
            (-corner, -r),
            (corner, -r),
            (r, -corner),
            (r, corner),
            (corner, r),
            (-corner, r),
            (-r, corner),
            (-r, -corner),
        ],
        Shape::Urgent => vec![(0.0, -r), (r, 0.85 * r), (-r, 0.85 * r)],
        Shape::Notice => vec![(-0.8 * r, -0.8 * r), (0.8 * r, -0.8 * r), (0.8 * r, 0.8 * r), (-0.8 * r, 0.8 * r)],
        Shape::Blind => vec![(0.0, -r), (r, 0.0), (0.0, r), (-r, 0.0)],
    };
    let mut path = String::new();
    for (nth, (dx, dy)) in points.iter().enumerate() {
        let letter = if nth == 0 { 'M' } else { 'L' };
        write!(path, "{letter}{} {}", number(x + dx), number(y + dy)).ok();
    }
    path.push('z');
    path
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_from_outside_cannot_leave_its_place() {
        assert_eq!(escaped("<b a=\"1\" c='2'>&\u{0}卧室"), "&lt;b a=&quot;1&quot; c=&#39;2&#39;&gt;&amp; 卧室");
    }

    #[test]
    fn numbers_are_short() {
        assert_eq!([12.0, 12.34, -0.01, 0.25].map(number), ["12", "12.3", "0", "0.3"]);
    }
}
