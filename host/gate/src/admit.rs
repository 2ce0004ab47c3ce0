//! Whether one operation may pass: phase, grant, touches, secrets.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use hyhost_backend::{Class, Fault, Request};
use hyhost_config::{Secret, Target};
use hyhost_table::{Change, Operation, Pattern, Row, Touch, Verb};
use serde_json::Value;

use crate::Phase;
use crate::files;
use crate::port::Port;
use crate::text::line;

/// What a backend gets beyond the deadline to end in order.
pub(crate) const GRACE: Duration = Duration::from_secs(5);

/// Secrets shorter than this are not searched for: they stand in any text.
const SEARCHED: usize = 6;

/// In which situation the operation is asked for.
pub(crate) struct Asked<'a> {
    pub(crate) phase: Phase,
    pub(crate) target: &'a Target,
    pub(crate) connection: &'a str,
    pub(crate) changes: &'a [Change],
}

/// An operation that may pass.
pub(crate) struct Admitted {
    pub(crate) request: Request,
    /// The change that it is performed for; `None` for a read.
    pub(crate) change: Option<usize>,
    /// What it touches.
    pub(crate) touches: Vec<Touch>,
}

/// An operation that may not.
pub(crate) struct Refusal {
    pub(crate) operation: String,
    pub(crate) touches: Vec<Touch>,
    pub(crate) fault: Fault,
}

pub(crate) fn admit(asked: &Asked<'_>, port: &Port, operation: Operation) -> Result<Admitted, Refusal> {
    let name = operation.name.clone();
    let refuse = |touches: Vec<Touch>, fault| Refusal { operation: name.clone(), touches, fault };
    let Some((row, schema)) = port.row(&operation.name) else {
        let text = format!("capability `{}` has no operation `{}`", port.table.capability, line(&name, 128));
        return Err(refuse(Vec::new(), Fault::new(Class::Denied, text)));
    };
    let wrong = match schema {
        None => Some(format!("the schema of `{name}` cannot be used")),
        Some(schema) => schema.validate(&operation.args).err().map(|error| {
            format!("`{name}`: argument `{}`: {}", error.instance_path(), line(&error.masked().to_string(), 512))
        }),
    };
    if let Some(text) = wrong {
        return Err(refuse(Vec::new(), Fault::new(Class::Invalid, text)));
    }
    let touches = row
        .touches(&port.table.capability, &operation)
        .map_err(|error| refuse(Vec::new(), Fault::new(Class::Invalid, error.to_string())))?;
    let named: Vec<Touch> = touches.iter().map(|(touch, _)| touch.clone()).collect();

    phase(asked, row).map_err(|fault| refuse(named.clone(), fault))?;
    grant(asked, row, &operation, &touches).map_err(|fault| refuse(named.clone(), fault))?;
    let change = within_plan(asked, row, &named).map_err(|fault| refuse(named.clone(), fault))?;
    let secrets = secrets(asked, port, row, &operation).map_err(|fault| refuse(named.clone(), fault))?;
    let file = file(asked, row, &operation).map_err(|fault| refuse(named.clone(), fault))?;
    Ok(Admitted { request: Request { operation, row, secrets, file }, change, touches: named })
}

fn phase(asked: &Asked<'_>, row: &Row) -> Result<(), Fault> {
    if asked.phase == Phase::Ensure || row.phase() == Verb::Read {
        return Ok(());
    }
    let phase = match asked.phase {
        Phase::Probe => "probe",
        Phase::Verify => "verify",
        Phase::Plan | Phase::Ensure => "plan",
    };
    let text = format!("`{}` writes, and during {phase} only reads pass", row.name);
    Err(Fault::new(Class::Denied, text))
}

fn grant(asked: &Asked<'_>, row: &Row, operation: &Operation, touches: &[(Touch, Verb)]) -> Result<(), Fault> {
    for (touch, needed) in touches {
        if *needed != Verb::Read && !asked.target.grant.allows(asked.connection, touch, *needed) {
            let text = format!(
                "`{}` needs `{needed}` on {} `{}`, which is outside the grant of target `{}`; to allow it: {}",
                row.name,
                touch.kind,
                touch.name,
                asked.target.name,
                lines_to_allow(asked.connection, touch, *needed),
            );
            return Err(Fault::new(Class::Denied, text));
        }
    }
    for content in row.contents(operation) {
        if !asked.target.grant.allows_attribute(asked.connection, &content.kind, &content.attribute) {
            let text = format!(
                "`{}` sets the privileged attribute `{}`, which is outside the grant of target `{}`; \
                 to allow it: grant: {{ {}: {{ {}: {{ attributes: [{}] }} }} }}",
                row.name, content.attribute, asked.target.name, asked.connection, content.kind, content.attribute,
            );
            return Err(Fault::new(Class::Denied, text));
        }
    }
    Ok(())
}

/// The lines of a document that would allow a touch.
pub fn lines_to_allow(connection: &str, touch: &Touch, verb: Verb) -> String {
    let pattern = serde_json::to_string(&Pattern::exactly(&touch.name).to_string()).unwrap_or_default();
    format!("grant: {{ {connection}: {{ {}: {{ {verb}: [{pattern}] }} }} }}", touch.kind)
}

/// The change that a write belongs to: the first that declares what it
/// changes. Everything that it touches must be declared by the changes that
/// were handed over.
fn within_plan(asked: &Asked<'_>, row: &Row, touches: &[Touch]) -> Result<Option<usize>, Fault> {
    if asked.phase != Phase::Ensure || row.phase() == Verb::Read {
        return Ok(None);
    }
    for touch in touches {
        let declared = asked.changes.iter().any(|change| change.touches.iter().any(|t| t.covers(touch)));
        if touch.verb != Verb::Read && !declared {
            let text = format!(
                "`{}` would {} {} `{}`, which none of the changes that were handed over declares: \
                 what a plan did not show cannot happen",
                row.name, touch.verb, touch.kind, touch.name
            );
            return Err(Fault::new(Class::Denied, text));
        }
    }
    let strongest = touches.iter().filter(|touch| touch.verb == row.phase());
    let owner = strongest
        .filter_map(|touch| asked.changes.iter().position(|change| change.touches.iter().any(|t| t.covers(touch))))
        .next();
    Ok(owner)
}

fn secrets(
    asked: &Asked<'_>,
    port: &Port,
    row: &Row,
    operation: &Operation,
) -> Result<BTreeMap<String, Secret>, Fault> {
    let mut found = BTreeMap::new();
    for secret in row.secrets(operation) {
        let denied = |text: String| Err(Fault::new(Class::Denied, text));
        let shown = line(&secret.name, 128);
        let Some(sink) = secret.sink else {
            return denied(format!("`{}` takes no secret at `{}`", row.name, line(&secret.at, 256)));
        };
        let sink = format!("{}.{sink}", port.table.capability);
        if !asked.target.secrets.contains(&(secret.name.clone(), sink.clone())) {
            return denied(format!(
                "the document of target `{}` has no field marked `{sink}` that names the secret `{shown}`",
                asked.target.name
            ));
        }
        let Some(value) = asked.target.vault.get(&secret.name) else {
            return denied(format!("the secret `{shown}` was not read"));
        };
        found.insert(secret.name, value.clone());
    }
    Ok(found)
}

fn file(asked: &Asked<'_>, row: &Row, operation: &Operation) -> Result<Option<Arc<Vec<u8>>>, Fault> {
    let Some(place) = &row.file else { return Ok(None) };
    let text = |argument: &str| operation.args.get(argument).and_then(Value::as_str).unwrap_or_default();
    let directory = text(&place.directory);
    match asked.target.directories.get(directory) {
        Some(path) => files::read(directory, path, text(&place.name), text(&place.digest)).map(Some),
        None => {
            let shown = line(directory, 128);
            Err(Fault::new(
                Class::Denied,
                format!("directory `{shown}` is not one that the document hands to the plugin"),
            ))
        }
    }
}

/// A secret that stands in a string or key of the value.
pub(crate) fn secret_in<'a>(value: &Value, secrets: &[&'a Secret]) -> Option<&'a str> {
    let held = |text: &str| {
        let mut searched = secrets.iter().filter(|secret| secret.expose().len() >= SEARCHED);
        searched.find(|secret| text.contains(secret.expose())).map(|secret| secret.name())
    };
    match value {
        Value::String(text) => held(text),
        Value::Array(items) => items.iter().find_map(|item| secret_in(item, secrets)),
        Value::Object(map) => map.iter().find_map(|(key, item)| held(key).or_else(|| secret_in(item, secrets))),
        _ => None,
    }
}

/// About how many bytes a value takes.
pub(crate) fn weight(value: &Value) -> usize {
    match value {
        Value::String(text) => text.len() + 2,
        Value::Array(items) => 2 + items.iter().map(|item| 1 + weight(item)).sum::<usize>(),
        Value::Object(map) => 2 + map.iter().map(|(key, item)| key.len() + 4 + weight(item)).sum::<usize>(),
        _ => 8,
    }
}
