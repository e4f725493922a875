//! `carecircle schema`: the documents of the wire and of the station's API, for whoever writes a program that speaks it.

use crate::wire::schema;
use std::io::Write;
use std::process::ExitCode;

/// Arguments of `carecircle schema`.
#[derive(Debug, clap::Args)]
pub struct Args {
    /// Which document
    #[arg(value_enum, value_name = "DOCUMENT")]
    document: Document,
}

#[derive(Debug, Clone, Copy, clap::ValueEnum)]
enum Document {
    /// JSON Schema of every body that travels between homes and service points
    Json,
    /// AsyncAPI 3.0: which body travels on which topic, who sends it, whose certificate may
    Asyncapi,
    /// OpenAPI 3.1: what other programs can ask a station
    Openapi,
    /// JSON Schema of what a station tells other programs
    Events,
    /// AsyncAPI 3.0: the station's stream of events, and what it posts
    Feed,
}

/// Runs the command.
pub fn run(args: Args) -> ExitCode {
    let document = match args.document {
        Document::Json => schema::JSON,
        Document::Asyncapi => schema::ASYNCAPI,
        Document::Openapi => schema::OPENAPI,
        Document::Events => schema::EVENTS,
        Document::Feed => schema::FEED,
    };
    super::finish(super::printed(std::io::stdout().lock().write_all(document.text().as_bytes())))
}
