//! The OpenAPI document, written from the types.

use super::bodies::{AlertBody, AlertsBody, ConflictBody, DeskBody, HomeBody, HomesBody};
use super::events::Since;
use super::look::{Part, WhichOf};
use super::problem::ApiProblem;
use super::steps::StepAsked;
use super::work::{ContactAsked, DailyBody, DailyHomeBody, FaultsBody, OfDay, SuspensionAsked, TestAsked, TestBody};
use crate::wire::schema::OPENAPI;
use crate::wire::schema::golden;
use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

const RULE: &str = "The same as the pages, for programs: the same rules, the same answers. Within `/api/v1` fields are only added: \
    pass over what you do not know. A program shows a token from /admin/tokens (`Authorization: Bearer …`), at most 20 questions a \
    second; its scopes say what it may. Instants are milliseconds since 1970, UTC, unless they are text.";

/// One question.
struct Operation {
    method: &'static str,
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    scope: Option<&'static str>,
    query: Option<fn(&mut SchemaGenerator) -> Value>,
    body: Option<fn(&mut SchemaGenerator) -> Value>,
    answers: Vec<Answer>,
}

/// One answer.
struct Answer {
    status: &'static str,
    what: &'static str,
    kind: &'static str,
    form: Option<fn(&mut SchemaGenerator) -> Value>,
}

fn form<T: JsonSchema>(generator: &mut SchemaGenerator) -> Value {
    generator.subschema_for::<T>().into()
}

fn json_of(status: &'static str, what: &'static str, form: fn(&mut SchemaGenerator) -> Value) -> Answer {
    Answer { status, what, kind: "application/json", form: Some(form) }
}

fn text(what: &'static str, kind: &'static str) -> Answer {
    Answer { status: "200", what, kind, form: None }
}

fn look(path: &'static str, name: &'static str, summary: &'static str, answers: Vec<Answer>) -> Operation {
    Operation { method: "get", path, name, summary, scope: Some("read"), query: None, body: None, answers }
}

/// A deed: done, done before, or done while the disk does not take it.
fn deed(
    path: &'static str,
    name: &'static str,
    summary: &'static str,
    body: fn(&mut SchemaGenerator) -> Value,
    form: fn(&mut SchemaGenerator) -> Value,
) -> Operation {
    let answers = vec![
        json_of("201", "Done and on the disk; how it stands now", form),
        json_of("200", "The same key was answered before; nothing was done again", form),
        json_of("202", "Done; the disk does not take it at present", form),
    ];
    Operation { method: "post", path, name, summary, scope: Some("steps"), query: None, body: Some(body), answers }
}

/// The table: every address for programs.
fn operations() -> Vec<Operation> {
    vec![
        look("/api/v1/desk", "desk", "The desk as it is now", vec![json_of("200", "The desk", form::<DeskBody>)]),
        Operation {
            query: Some(form::<Part>),
            ..look(
                "/api/v1/alerts",
                "alerts",
                "Alerts in the order in which they came, part by part",
                vec![json_of("200", "Alerts", form::<AlertsBody>)],
            )
        },
        Operation {
            scope: Some("reports"),
            ..look(
                "/api/v1/alerts.csv",
                "alerts_csv",
                "Every alert as a line: UTF-8 with a mark, RFC 4180, local time with offset, ids and no names",
                vec![text("The table", "text/csv")],
            )
        },
        Operation {
            query: Some(form::<WhichOf>),
            ..look(
                "/api/v1/alerts/{home}/{number}",
                "alert",
                "One alert with everything that happened to it",
                vec![json_of("200", "The alert", form::<AlertBody>)],
            )
        },
        Operation {
            method: "post",
            path: "/api/v1/alerts/{home}/{number}/steps",
            name: "step",
            summary: "A step, on behalf of a person of the staff",
            scope: Some("steps"),
            query: Some(form::<WhichOf>),
            body: Some(form::<StepAsked>),
            answers: vec![
                json_of("201", "Done and on the disk; the alert as it is now", form::<AlertBody>),
                json_of("200", "The same key was answered before; nothing was done again", form::<AlertBody>),
                json_of("202", "Done; the disk does not take it at present", form::<AlertBody>),
                json_of("409", "Refused: the alert has moved on", form::<ConflictBody>),
            ],
        },
        look("/api/v1/homes", "homes", "The homes of the station", vec![json_of("200", "Homes", form::<HomesBody>)]),
        look("/api/v1/homes/{home}", "home", "One home", vec![json_of("200", "The home", form::<HomeBody>)]),
        deed(
            "/api/v1/homes/{home}/suspensions",
            "suspend",
            "A home is to be other than usual until an end, or as usual again: asked of the home, which is the judge",
            form::<SuspensionAsked>,
            form::<HomeBody>,
        ),
        Operation {
            query: Some(form::<OfDay>),
            ..look(
                "/api/v1/daily",
                "daily",
                "The day's list of who showed, was reached, or must be telephoned; of an earlier day its counts",
                vec![json_of("200", "The list", form::<DailyBody>)],
            )
        },
        deed(
            "/api/v1/daily/{home}",
            "contact",
            "What somebody did about the daily contact of a home",
            form::<ContactAsked>,
            form::<Option<DailyHomeBody>>,
        ),
        look(
            "/api/v1/faults",
            "faults",
            "Trouble of equipment, what is over first",
            vec![json_of("200", "Faults", form::<FaultsBody>)],
        ),
        Operation {
            query: Some(form::<WhichOf>),
            answers: vec![
                json_of("201", "Done and on the disk; the alert as it is now", form::<AlertBody>),
                json_of("200", "The same key was answered before; nothing was done again", form::<AlertBody>),
                json_of("202", "Done; the disk does not take it at present", form::<AlertBody>),
                json_of("409", "Refused: the alert has moved on", form::<ConflictBody>),
            ],
            ..deed(
                "/api/v1/faults/{home}/{number}/steps",
                "fault_step",
                "A step of the alert of a fault: take, ask, note, close",
                form::<StepAsked>,
                form::<AlertBody>,
            )
        },
        Operation {
            scope: Some("reports"),
            ..look(
                "/api/v1/reports/{month}",
                "report",
                "The figures of a month such as 2026-11, each day's contact, times and outcomes",
                vec![text("The figures", "application/json")],
            )
        },
        Operation {
            scope: Some("pii"),
            ..look(
                "/api/v1/circle.geojson",
                "circle",
                "Where homes lie, rounded to four decimals: id, state, minutes, ring",
                vec![text("GeoJSON", "application/geo+json")],
            )
        },
        Operation {
            answers: vec![
                json_of("201", "An event test.sent is on the disk and on its way", form::<TestBody>),
                json_of("202", "The disk does not take it at present", form::<TestBody>),
            ],
            ..deed(
                "/api/v1/test",
                "test",
                "Sends an event test.sent by all ways of the feed: no alert, no sound",
                form::<TestAsked>,
                form::<TestBody>,
            )
        },
        Operation {
            query: Some(form::<Since>),
            ..look(
                "/api/v1/events",
                "events",
                "What happened: a stream, or with limit or wait lines of JSON; see /api/v1/asyncapi.json. 410 where something \
                 after the number was forgotten",
                vec![text("The stream", "text/event-stream"), text("Lines, one event each", "application/jsonl")],
            )
        },
        Operation {
            scope: None,
            ..look(
                "/api/v1/openapi.json",
                "openapi",
                "This document",
                vec![text("OpenAPI 3.1", "application/openapi+json")],
            )
        },
        Operation {
            scope: None,
            ..look(
                "/api/v1/asyncapi.json",
                "asyncapi",
                "The stream's document",
                vec![text("AsyncAPI 3.0", "application/json")],
            )
        },
        Operation {
            scope: None,
            ..look(
                "/api/v1/schema/{name}",
                "schema",
                "The schema of the data of events: the dataschema of an event",
                vec![text("JSON Schema", "application/schema+json")],
            )
        },
        Operation {
            scope: None,
            ..look("/healthz", "healthz", "Whether the process lives", vec![text("It lives", "text/plain")])
        },
        Operation {
            scope: None,
            ..look(
                "/readyz",
                "readyz",
                "Whether alerts can be taken; 503 with the reasons where not",
                vec![text("It can take alerts", "application/json")],
            )
        },
        look("/metrics", "metrics", "Numbers for Prometheus", vec![text("Numbers", "text/plain")]),
    ]
}

/// The whole document.
fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|to| to.definitions_path = "/components/schemas".into());
    let mut written = settings.clone().for_serialize().into_generator();
    let mut read = settings.for_deserialize().into_generator();
    let mut paths: Map<String, Value> = Map::new();
    for operation in operations() {
        let answer = operation_json(&operation, &mut written, &mut read);
        let path = paths.entry(operation.path).or_insert_with(|| json!({}));
        path[operation.method] = answer;
    }
    form::<ApiProblem>(&mut written);
    let mut schemas = read.take_definitions(true);
    schemas.extend(written.take_definitions(true));
    schemas.values_mut().for_each(tidy);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "carecircle: a station for other programs",
            "version": "1",
            "description": RULE,
            "license": { "name": "Apache-2.0", "url": "https://www.apache.org/licenses/LICENSE-2.0" },
        },
        "servers": [{ "url": "/" }],
        "security": [{ "token": [] }, {}],
        "paths": paths,
        "components": {
            "schemas": schemas,
            "securitySchemes": { "token": { "type": "http", "scheme": "bearer" } },
        },
    })
}

fn operation_json(of: &Operation, written: &mut SchemaGenerator, read: &mut SchemaGenerator) -> Value {
    let problem = |what: &str| json!({ "description": what, "content": { "application/problem+json": { "schema": { "$ref": "#/components/schemas/Problem" } } } });
    let mut responses: Map<String, Value> = Map::new();
    for answer in &of.answers {
        let schema = answer.form.map_or(json!({}), |form| form(written));
        let response =
            responses.entry(answer.status).or_insert_with(|| json!({ "description": answer.what, "content": {} }));
        response["content"][answer.kind] = if answer.form.is_some() { json!({ "schema": schema }) } else { json!({}) };
    }
    responses.insert("default".into(), problem("What is wrong, where, and what to do next"));
    let mut parameters: Vec<Value> = path_parameters(of.path);
    if let Some(query) = of.query {
        let schema = query(read);
        let name = schema["$ref"].as_str().and_then(|name| name.rsplit('/').next()).unwrap_or_default().to_owned();
        let properties = read.definitions().get(&name).cloned().unwrap_or_default();
        parameters.extend(query_parameters(&properties));
    }
    let mut operation = json!({
        "operationId": of.name,
        "summary": of.summary.split_whitespace().collect::<Vec<_>>().join(" "),
        "parameters": parameters,
        "responses": responses,
    });
    match of.scope {
        Some(scope) => operation["description"] = json!(format!("A token needs the scope `{scope}`.")),
        None => operation["security"] = json!([]),
    }
    if let Some(body) = of.body {
        operation["requestBody"] =
            json!({ "required": true, "content": { "application/json": { "schema": body(read) } } });
    }
    operation
}

fn path_parameters(path: &str) -> Vec<Value> {
    let names = path.split('/').filter_map(|part| part.strip_prefix('{')?.strip_suffix('}'));
    let parameter = |name: &str| {
        let schema = match name {
            "month" => json!({ "type": "string", "pattern": "^\\d{4}-(0[1-9]|1[0-2])$" }),
            "number" => json!({ "type": "integer", "minimum": 0 }),
            "name" => json!({ "type": "string", "pattern": "^[a-z-]+\\.json$" }),
            _ => json!({ "type": "string", "minLength": 1 }),
        };
        json!({ "name": name, "in": "path", "required": true, "schema": schema })
    };
    names.map(parameter).collect()
}

fn query_parameters(of: &Value) -> Vec<Value> {
    let properties = of["properties"].as_object().cloned().unwrap_or_default();
    let parameter = |(name, mut schema): (String, Value)| {
        tidy(&mut schema);
        let described = schema.as_object_mut().and_then(|schema| schema.remove("description"));
        // What is not there is not sent: there is no null in an address.
        if let Some(schema) = schema.as_object_mut().filter(|schema| schema.get("default") == Some(&Value::Null)) {
            schema.remove("default");
        }
        if let Some(kinds) = schema.get_mut("type").filter(|kinds| kinds.is_array()) {
            let first = kinds[0].clone();
            *kinds = first;
        }
        json!({ "name": name, "in": "query", "required": false, "description": described, "schema": schema })
    };
    properties.into_iter().map(parameter).collect()
}

/// Descriptions in one line.
fn tidy(value: &mut Value) {
    if let Some(object) = value.as_object_mut() {
        if let Some(Value::String(text)) = object.get_mut("description") {
            *text = text.split_whitespace().collect::<Vec<_>>().join(" ");
        }
        object.values_mut().for_each(tidy);
    } else if let Some(list) = value.as_array_mut() {
        list.iter_mut().for_each(tidy);
    }
}

#[test]
fn the_committed_openapi_document_is_what_the_types_say_and_holds_together() {
    let document = document();
    golden::assert_current("openapi.json", &OPENAPI.text(), &document);
    assert!(golden::assert_whole(&document) > 20);
    let names: std::collections::BTreeSet<_> = operations().iter().map(|operation| operation.name).collect();
    assert_eq!(names.len(), operations().len(), "every question has a name of its own");
    assert!(!OPENAPI.text().contains("schemars"));
}
