//! Tables of the page: whatever comes from outside is escaped on the way in.

use crate::picture::escaped;

/// A cell.
pub enum Cell {
    /// Words.
    Text(String),
    /// Words that must be seen.
    Loud(String),
    /// A drawing of ours.
    Drawn(String),
}

impl<T: Into<String>> From<T> for Cell {
    fn from(text: T) -> Cell {
        Cell::Text(text.into())
    }
}

/// A table with a row of heads. On a narrow screen each row becomes a card, and each cell carries its head.
pub fn table(heads: &[&str], rows: Vec<Vec<Cell>>) -> String {
    of_class("", heads, rows)
}

/// The same for short cells: on a narrow screen two of them stand side by side.
pub fn dense(heads: &[&str], rows: Vec<Vec<Cell>>) -> String {
    of_class(" class=\"dense\"", heads, rows)
}

fn of_class(class: &str, heads: &[&str], rows: Vec<Vec<Cell>>) -> String {
    let mut html = format!("<table{class}>\n<thead><tr>");
    for head in heads {
        html.push_str(&format!("<th scope=\"col\">{}</th>", escaped(head)));
    }
    html.push_str("</tr></thead>\n<tbody>\n");
    for row in rows {
        html.push_str("<tr>");
        for (nth, (cell, head)) in row.into_iter().zip(heads).enumerate() {
            let inside = match cell {
                Cell::Text(text) => escaped(&text),
                Cell::Loud(text) => format!("<strong>{}</strong>", escaped(&text)),
                Cell::Drawn(drawing) => drawing,
            };
            let (tag, scope) = if nth == 0 { ("th", " scope=\"row\"") } else { ("td", "") };
            html.push_str(&format!("<{tag}{scope} data-head=\"{}\">{inside}</{tag}>", escaped(head)));
        }
        html.push_str("</tr>\n");
    }
    html.push_str("</tbody>\n</table>\n");
    html
}
