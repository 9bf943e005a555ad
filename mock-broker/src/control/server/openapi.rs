//! The description of the API (OpenAPI 3.1), made from the table of routes and from the schemas of
//! the types that the bodies are read into.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, SchemaGenerator};
use serde_json::{Map, Value, json};

use super::answer::{JSON, PROBLEM};
use super::route::{Operation, ROUTES, Route};
use crate::control::{
    ClientStatus, Health, Injection, JournalPage, JournalQuery, Listening, Problem, ProblemCode,
    RuleStatus, Verification,
};
use crate::scenario::Step;

/// What is told of an operation.
struct Description {
    id: &'static str,
    summary: &'static str,
    parameters: Vec<Value>,
    body: Option<Value>,
    success: Value,
    problems: Vec<ProblemCode>,
}

pub(super) fn document() -> Value {
    let settings = SchemaSettings::draft2020_12().with(|settings| {
        settings.definitions_path = "/components/schemas".into();
        settings.meta_schema = None;
    });
    let mut generator = settings.into_generator();
    let mut paths = Map::new();
    for route in ROUTES {
        let operation = operation(route, &mut generator);
        let path = paths.entry(route.path).or_insert_with(|| json!({}));
        path[route.method.to_lowercase()] = operation;
    }
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "nack mock broker",
            "version": env!("CARGO_PKG_VERSION"),
            "summary": "An MQTT broker that does as it is told",
            "license": { "name": "MIT OR Apache-2.0", "identifier": "MIT OR Apache-2.0" },
        },
        "paths": paths,
        "components": {
            "schemas": bounded(generator.take_definitions(true)),
            "securitySchemes": {
                "token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "Demanded where the server was started with a token.",
                },
            },
        },
        // With the token, or without where none is set.
        "security": [{ "token": [] }, {}],
    })
}

/// The schemas with the bounds of integers, which their formats alone do not tell.
fn bounded(schemas: Map<String, Value>) -> Map<String, Value> {
    let bound = |(name, mut schema)| {
        bound(&mut schema);
        (name, schema)
    };
    schemas.into_iter().map(bound).collect()
}

fn bound(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            let most = match map.get("format").and_then(Value::as_str) {
                Some("uint32") => Some(u64::from(u32::MAX)),
                Some("uint64" | "uint") => Some(u64::MAX),
                _ => None,
            };
            if let Some(most) = most {
                map.entry("maximum").or_insert(most.into());
            }
            map.values_mut().for_each(bound);
        }
        Value::Array(list) => list.iter_mut().for_each(bound),
        _ => {}
    }
}

fn operation(route: &Route, generator: &mut SchemaGenerator) -> Value {
    let description = describe(route.operation, generator);
    let mut responses = Map::new();
    let (status, success) = match (&description.success, route.operation) {
        (Value::Null, _) => ("204", json!({ "description": "It was done." })),
        (success, Operation::AddRule) => {
            let mut success = success.clone();
            // Where a rule that was added is found.
            let id = json!({ "id": "$response.body#/id" });
            success["links"] = json!({
                "get": { "operationId": "getRule", "parameters": id },
                "remove": { "operationId": "removeRule", "parameters": id },
            });
            ("201", success)
        }
        (success, _) => ("200", success.clone()),
    };
    responses.insert(status.to_owned(), success);
    let mut problems = description.problems;
    problems.push(ProblemCode::BadParameter);
    problems.push(ProblemCode::Foreign);
    if !route.open {
        problems.push(ProblemCode::NotAuthorized);
    }
    let problem = generator.subschema_for::<Problem>();
    for code in problems {
        let status = code.status().to_string();
        responses.entry(status).or_insert_with(|| {
            json!({
                "description": code.what(),
                "content": { PROBLEM: { "schema": problem } },
            })
        });
    }
    let mut operation = json!({
        "operationId": description.id,
        "summary": description.summary,
        "responses": responses,
    });
    if !description.parameters.is_empty() {
        operation["parameters"] = description.parameters.into();
    }
    if let Some(body) = description.body {
        operation["requestBody"] = body;
    }
    if route.open {
        operation["security"] = json!([]);
    }
    operation
}

fn describe(operation: Operation, generator: &mut SchemaGenerator) -> Description {
    let plain = |id, summary, success| Description {
        id,
        summary,
        parameters: Vec::new(),
        body: None,
        success,
        problems: Vec::new(),
    };
    match operation {
        Operation::Health => plain(
            "health",
            "That the broker is there, and how much it holds",
            answers::<Health>("The broker is there.", generator),
        ),
        Operation::ListRules => plain(
            "listRules",
            "The rules that are in force, in the order in which they are asked",
            answers::<Vec<RuleStatus>>("The rules.", generator),
        ),
        Operation::AddRule => Description {
            body: Some(body::<Step>(
                "A step of a scenario: one rule as data.",
                generator,
            )),
            problems: BODY.to_vec(),
            ..plain(
                "addRule",
                "Puts a rule behind those that the broker has",
                answers::<RuleStatus>("The rule is in force.", generator),
            )
        },
        Operation::RemoveRules => plain(
            "removeRules",
            "Ends all rules; what was expected of them stays to be verified",
            Value::Null,
        ),
        Operation::GetRule => Description {
            parameters: vec![rule_id()],
            problems: vec![ProblemCode::NoSuchRule],
            ..plain(
                "getRule",
                "One rule",
                answers::<RuleStatus>("The rule.", generator),
            )
        },
        Operation::RemoveRule => Description {
            parameters: vec![rule_id()],
            problems: vec![ProblemCode::NoSuchRule],
            ..plain(
                "removeRule",
                "Ends a rule; what was expected of it stays to be verified",
                Value::Null,
            )
        },
        Operation::SetListening => Description {
            body: Some(body::<Listening>("Whether the broker listens.", generator)),
            problems: [BODY, &[ProblemCode::CannotListen]].concat(),
            ..plain(
                "setListening",
                "Has the broker listen, or refuse who connects as if there were none",
                Value::Null,
            )
        },
        Operation::ListClients => plain(
            "listClients",
            "The connections that are open, oldest first",
            answers::<Vec<ClientStatus>>("The connections.", generator),
        ),
        Operation::SendToClient => Description {
            parameters: vec![in_path(
                "client_id",
                "The client identifier of an open connection.",
                json!({ "type": "string", "minLength": 1 }),
            )],
            ..sends("sendToClient", "Does something to a client, now", generator)
        },
        Operation::SendToConnection => Description {
            parameters: vec![in_path(
                "connection",
                "The number of an open connection; the first was 1.",
                json!({ "type": "integer", "minimum": 0, "maximum": u32::MAX }),
            )],
            ..sends(
                "sendToConnection",
                "Does something on a connection, now",
                generator,
            )
        },
        Operation::ReadJournal => Description {
            parameters: vec![
                since(),
                in_query(
                    "wait_ms",
                    "For how many milliseconds to wait for such an entry.",
                    json!({ "type": "integer", "minimum": 0, "maximum": JournalQuery::LONGEST_WAIT_MS, "default": 0 }),
                ),
                in_query(
                    "limit",
                    "How many entries at the most.",
                    json!({ "type": "integer", "minimum": 1, "maximum": JournalQuery::MOST_ENTRIES, "default": 1000 }),
                ),
            ],
            problems: vec![ProblemCode::TooManyWait],
            ..plain(
                "readJournal",
                "The journal from an entry on; waits for one, if it is told to",
                answers::<JournalPage>("A part of the journal.", generator),
            )
        },
        Operation::StreamJournal => Description {
            parameters: vec![
                since(),
                json!({
                    "name": "Last-Event-ID",
                    "in": "header",
                    "description": "The last entry that is known already.",
                    "schema": { "type": "integer", "minimum": 0, "maximum": u64::MAX },
                }),
            ],
            problems: vec![ProblemCode::TooManyWait],
            ..plain(
                "streamJournal",
                "The journal as it happens: a server-sent event an entry, without an end",
                file("The events.", "text/event-stream"),
            )
        },
        Operation::CaptureJournal => plain(
            "captureJournal",
            "The journal as a capture file (pcapng) that Wireshark opens as MQTT",
            file("The capture.", "application/x-pcapng"),
        ),
        Operation::Verify => plain(
            "verify",
            "Whether all that was expected of the rules has come to pass",
            answers::<Verification>("Whether it did. 200 in both cases.", generator),
        ),
        Operation::Reset => Description {
            problems: vec![ProblemCode::CannotListen],
            ..plain(
                "reset",
                "Has the broker as it was when it started: no rules, connections, sessions, journal",
                Value::Null,
            )
        },
        Operation::Describe => plain(
            "describe",
            "This description",
            json!({
                "description": "The description.",
                "content": { JSON: { "schema": { "type": "object" } } },
            }),
        ),
        Operation::Page => plain("page", "The live page", file("The page.", "text/html")),
        Operation::Script => plain(
            "pageScript",
            "The script of the page",
            file("The script.", "text/javascript"),
        ),
        Operation::Style => plain(
            "pageStyle",
            "The style sheet of the page",
            file("The style sheet.", "text/css"),
        ),
        Operation::Icon => plain("pageIcon", "Its icon", file("The icon.", "image/svg+xml")),
    }
}

/// What can be wrong with a body.
const BODY: &[ProblemCode] = &[
    ProblemCode::BadBody,
    ProblemCode::TooSlow,
    ProblemCode::TooLarge,
    ProblemCode::WrongType,
    ProblemCode::BadStep,
];

fn sends(id: &'static str, summary: &'static str, generator: &mut SchemaGenerator) -> Description {
    Description {
        id,
        summary,
        parameters: Vec::new(),
        body: Some(body::<Injection>(
            "What is done: one thing, or a list in its order.",
            generator,
        )),
        success: Value::Null,
        problems: [
            BODY,
            &[ProblemCode::NotConnected, ProblemCode::TooMuchWaits],
        ]
        .concat(),
    }
}

fn answers<T: JsonSchema>(what: &str, generator: &mut SchemaGenerator) -> Value {
    let schema = generator.subschema_for::<T>();
    json!({ "description": what, "content": { JSON: { "schema": schema } } })
}

fn body<T: JsonSchema>(what: &str, generator: &mut SchemaGenerator) -> Value {
    let schema = generator.subschema_for::<T>();
    json!({ "description": what, "required": true, "content": { JSON: { "schema": schema } } })
}

fn file(what: &str, content_type: &str) -> Value {
    json!({ "description": what, "content": { content_type: {} } })
}

fn rule_id() -> Value {
    in_path(
        "id",
        "The number of a rule.",
        json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX }),
    )
}

fn since() -> Value {
    in_query(
        "since",
        "The number of the first entry that is wanted.",
        json!({ "type": "integer", "minimum": 0, "maximum": u64::MAX, "default": 0 }),
    )
}

fn in_path(name: &str, what: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "path", "required": true, "description": what, "schema": schema })
}

fn in_query(name: &str, what: &str, schema: Value) -> Value {
    json!({ "name": name, "in": "query", "description": what, "schema": schema })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_reference_leads_somewhere() {
        let document = document();
        let mut stack = vec![&document];
        let mut references = 0;
        while let Some(value) = stack.pop() {
            match value {
                Value::Object(map) => {
                    if let Some(Value::String(reference)) = map.get("$ref") {
                        let pointer = reference.strip_prefix('#').unwrap();
                        assert!(document.pointer(pointer).is_some(), "{reference}");
                        references += 1;
                    }
                    stack.extend(map.values());
                }
                Value::Array(list) => stack.extend(list),
                _ => {}
            }
        }
        assert!(references > 20, "{references}");
    }

    #[test]
    fn every_operation_has_a_name_of_its_own() {
        let mut generator = SchemaGenerator::default();
        let describe = |route: &Route| describe(route.operation, &mut generator).id;
        let mut ids: Vec<&str> = ROUTES.iter().map(describe).collect();
        let all = ids.len();
        ids.sort_unstable();
        ids.dedup();
        assert_eq!(ids.len(), all);
    }

    #[test]
    fn every_kind_of_problem_is_told_of() {
        let text = document().to_string();
        for code in ProblemCode::ALL {
            // These two are answers of the router to what is not described.
            if matches!(code, ProblemCode::NoSuchRoute | ProblemCode::NoSuchMethod) {
                continue;
            }
            assert!(
                text.contains(&format!("\"{}\":", code.status())),
                "{code:?}"
            );
        }
    }
}
