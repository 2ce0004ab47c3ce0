//! A request as work for a session: rendered, bound, checked.

use std::sync::Arc;

use hyhost_backend::{Class, Fault, Request};
use hyhost_config::Secret;
use hyhost_table::{Perform, Row, Verb};
use serde_json::Value;

use crate::quote;
use crate::render::{Arguments, is_slow, render};
use crate::scripts;

/// One request, ready to be sent.
pub(crate) struct Job {
    /// Its place in the call.
    pub(crate) index: usize,
    /// The operation and its object, for messages.
    pub(crate) label: String,
    /// The database to do it in.
    pub(crate) database: String,
    /// What to do.
    pub(crate) work: Work,
}

/// What to do.
pub(crate) enum Work {
    /// A catalogue query: one JSON value.
    Query {
        text: &'static str,
        bind: Vec<Option<Vec<String>>>,
        /// Whether the row names a database, whose absence is an answer.
        named: bool,
    },
    /// A rendered statement.
    Statement { text: String, transactional: bool, mentions: Vec<String> },
    /// Is the role's stored verifier what this secret says?
    Proof { role: String, secret: Secret, is: Known },
    /// The rows of the migrations' history.
    History { login: Option<Role> },
    /// A script.
    Script(Script),
    /// Files that are taken as applied.
    Baseline(Baseline),
    /// A database that shall be gone.
    Drop { name: String, with_data: bool },
    /// What is known without a session.
    Answer(Value),
}

/// What a secret is that a stored verifier is compared with.
#[derive(Clone, Copy)]
pub(crate) enum Known {
    /// The password: it is computed with.
    Password,
    /// A verifier: it must be the same.
    Verifier,
}

/// A role to log in as.
#[derive(Clone)]
pub(crate) struct Role {
    pub(crate) name: String,
    pub(crate) password: Option<Secret>,
}

/// A script and what to write into the history.
pub(crate) struct Script {
    pub(crate) login: Option<Role>,
    pub(crate) directory: String,
    pub(crate) file: String,
    pub(crate) digest: String,
    pub(crate) text: String,
    /// Whether it runs although it ran with another content.
    pub(crate) again: bool,
}

/// Files that are taken as applied: name, digest, digest without comments.
pub(crate) struct Baseline {
    pub(crate) login: Option<Role>,
    pub(crate) files: Vec<(String, String, String)>,
}

impl Work {
    /// Whether it shares a session of the connection's own account.
    pub(crate) fn is_plain(&self) -> bool {
        !matches!(self, Self::History { .. } | Self::Script(_) | Self::Baseline(_) | Self::Drop { .. })
    }
}

/// Prepares all requests of a call; the computing of verifiers is spread over
/// the processors.
pub(crate) async fn prepare(requests: Vec<Request>, own: &str) -> Vec<Result<Job, Fault>> {
    let requests = Arc::new(requests);
    let slow: Vec<usize> = (0..requests.len()).filter(|at| computes(&requests[*at])).collect();
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let share = slow.len().div_ceil(threads).max(1);
    let computing: Vec<_> = slow
        .chunks(share)
        .map(|share| {
            let (share, requests, own) = (share.to_vec(), requests.clone(), own.to_owned());
            tokio::task::spawn_blocking(move || {
                share.into_iter().map(|at| (at, job(at, &requests[at], &own))).collect::<Vec<_>>()
            })
        })
        .collect();
    let mut jobs: Vec<Option<Result<Job, Fault>>> =
        requests.iter().enumerate().map(|(at, r)| (!computes(r)).then(|| job(at, r, own))).collect();
    for part in computing {
        for (at, job) in part.await.unwrap_or_default() {
            jobs[at] = Some(job);
        }
    }
    jobs.into_iter().map(|job| job.unwrap_or_else(|| Err(Fault::new(Class::Failed, "the host is ending")))).collect()
}

fn computes(request: &Request) -> bool {
    match &request.row.perform {
        Perform::Statement(statement) => is_slow(&statement.text, arguments(request)),
        Perform::Call(call) => call == "script_digest",
        _ => false,
    }
}

fn arguments(request: &Request) -> Arguments<'_> {
    Arguments { values: &request.operation.args, secrets: &request.secrets }
}

fn job(index: usize, request: &Request, own: &str) -> Result<Job, Fault> {
    let label = label(request);
    let invalid = |problem: String| Fault::new(Class::Invalid, format!("{label}: {problem}"));
    let (database, work) = work(request, own).map_err(invalid)?;
    quote::check_name(&database).map_err(|error| invalid(format!("the database: {error}")))?;
    Ok(Job { index, label, database, work })
}

fn work(request: &Request, own: &str) -> Result<(String, Work), String> {
    let arguments = arguments(request);
    let text = |name: &str| {
        let value = arguments.get(name).map(|value| value.as_str().map(str::to_owned));
        value.map(|text| text.ok_or_else(|| format!("`{name}` must be a string"))).transpose()
    };
    let needed = |name: &str| text(name)?.ok_or_else(|| format!("`{name}` is absent"));
    let database = |argument: &Option<String>| match argument {
        Some(argument) => needed(argument),
        None => Ok(own.to_owned()),
    };
    match &request.row.perform {
        Perform::Query { text, bind, database: named } => {
            let bind = bind.iter().map(|argument| names(arguments, argument)).collect::<Result<_, _>>()?;
            Ok((database(named)?, Work::Query { text, bind, named: named.is_some() }))
        }
        Perform::Statement(statement) => {
            let text = render(&statement.text, arguments).map_err(|error| error.to_string())?;
            let mentions = strings(arguments.values);
            let work = Work::Statement { text, transactional: statement.transactional, mentions };
            Ok((database(&statement.database)?, work))
        }
        Perform::Http(_) => Err("the row is not one of SQL".to_owned()),
        Perform::Call(call) => {
            let secret_of = |name: &str| arguments.secret(name).map_err(|error| error.to_string());
            let secret = || secret_of("password");
            let login = || -> Result<Option<Role>, String> {
                let Some(name) = text("as")? else { return Ok(None) };
                quote::check_name(&name).map_err(|error| format!("`as`: {error}"))?;
                Ok(Some(Role { name, password: secret()?.cloned() }))
            };
            match call.as_str() {
                "password_matches" => {
                    let secret = secret()?.ok_or("`password` is absent")?.clone();
                    Ok((own.to_owned(), Work::Proof { role: needed("role")?, secret, is: Known::Password }))
                }
                "verifier_matches" => {
                    let secret = secret_of("verifier")?.ok_or("`verifier` is absent")?.clone();
                    Ok((own.to_owned(), Work::Proof { role: needed("role")?, secret, is: Known::Verifier }))
                }
                "read_migrations" => Ok((needed("database")?, Work::History { login: login()? })),
                "run_script" | "run_script_again" => {
                    let script = Script {
                        login: login()?,
                        directory: needed("directory")?,
                        file: needed("file")?,
                        digest: needed("digest")?,
                        text: content(request)?.to_owned(),
                        again: call == "run_script_again",
                    };
                    Ok((needed("database")?, Work::Script(script)))
                }
                // What is no script has no such digest.
                "script_digest" => {
                    let digest = content(request).ok().and_then(|text| scripts::normal_digest(text).ok());
                    Ok((own.to_owned(), Work::Answer(digest.map_or(Value::Null, Value::from))))
                }
                "drop_database" => {
                    let with_data = arguments.get("with_data").and_then(Value::as_bool).unwrap_or(false);
                    Ok((own.to_owned(), Work::Drop { name: needed("name")?, with_data }))
                }
                "baseline" => {
                    let list = |name: &str| Ok::<_, String>(names(arguments, name)?.unwrap_or_default());
                    let (files, digests, normals) = (list("files")?, list("digests")?, list("normals")?);
                    if files.len() != digests.len() || files.len() != normals.len() {
                        return Err("`files`, `digests` and `normals` must be of one length".to_owned());
                    }
                    let each = files.into_iter().zip(digests).zip(normals);
                    let files = each.map(|((file, digest), normal)| (file, digest, normal)).collect();
                    Ok((needed("database")?, Work::Baseline(Baseline { login: login()?, files })))
                }
                other => Err(format!("this backend knows no call `{other}`")),
            }
        }
    }
}

/// The text of the file that the operation names.
fn content(request: &Request) -> Result<&str, String> {
    let content = request.file.as_ref().ok_or("the file's content is not at hand")?;
    let text = std::str::from_utf8(content).map_err(|error| {
        let line = content[..error.valid_up_to()].iter().filter(|b| **b == b'\n').count() + 1;
        format!("the file is not UTF-8 (line {line})")
    })?;
    // A byte order mark is no SQL.
    Ok(text.trim_start_matches('\u{feff}'))
}

/// A list of names to bind; one name is a list of one.
fn names(arguments: Arguments<'_>, argument: &str) -> Result<Option<Vec<String>>, String> {
    let Some(value) = arguments.get(argument) else { return Ok(None) };
    let one = std::slice::from_ref(value);
    let items = value.as_array().map_or(one, Vec::as_slice).iter();
    let names: Option<Vec<_>> = items.map(|item| item.as_str().map(str::to_owned)).collect();
    let names = names.ok_or_else(|| format!("`{argument}` must be a list of names"))?;
    // No object has such a name, and the server takes no such text.
    Ok(Some(names.into_iter().filter(|name| !name.contains('\0')).collect()))
}

fn strings(values: &Value) -> Vec<String> {
    let members = values.as_object().into_iter().flat_map(serde_json::Map::values);
    members.filter_map(Value::as_str).map(str::to_owned).collect()
}

/// `CreateSchema app/audit`.
fn label(request: &Request) -> String {
    let row: &Row = request.row;
    let touches = row.touches("sql", &request.operation).unwrap_or_default();
    let strongest = touches.iter().map(|(touch, _)| touch).rev().max_by_key(|touch| touch.verb);
    match strongest {
        Some(touch) if touch.verb > Verb::Read || row.phase() == Verb::Read => {
            format!("{} {}", request.operation.name, touch.name)
        }
        _ => request.operation.name.clone(),
    }
}
