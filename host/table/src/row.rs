//! The rows of a capability's table.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::Verb;

/// Everything that one capability can do.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Table {
    /// The capability, such as `sql`.
    pub capability: String,
    /// One line.
    pub summary: String,
    /// Schemas that rows refer to as `#/$defs/…`.
    #[serde(default, rename = "$defs")]
    pub defs: BTreeMap<String, Value>,
    /// The row that tests a login; absent: none does.
    #[serde(default)]
    pub login: Option<String>,
    /// The operations, reads first.
    pub rows: Vec<Row>,
}

/// One operation.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Row {
    /// The public name: what the server's own field calls it.
    pub name: String,
    /// One line, for the reference.
    pub summary: String,
    /// The properties of its arguments, by name, each a JSON Schema. A key
    /// that ends in `?` is optional. Others are not accepted.
    #[serde(default)]
    pub args: BTreeMap<String, Value>,
    /// The JSON Schema of its answer; absent: `null`.
    #[serde(default)]
    pub returns: Option<Value>,
    /// Each place where a name stands.
    #[serde(default)]
    pub names: Vec<NamePlace>,
    /// What the content may say only with a grant of its own.
    #[serde(default)]
    pub content: Vec<Content>,
    /// Where a secret may stand.
    #[serde(default)]
    pub sinks: Vec<Sink>,
    /// The file whose content the operation needs.
    #[serde(default)]
    pub file: Option<FilePlace>,
    /// At most so many in one request to the server.
    #[serde(default = "one")]
    pub batch: u32,
    /// What it does to the objects of the capability. The in-memory backends
    /// are driven by this alone.
    #[serde(default)]
    pub effect: Option<Effect>,
    /// How the client performs it.
    pub perform: Perform,
}

fn one() -> u32 {
    1
}

/// A place in the arguments where a name stands.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NamePlace {
    /// The arguments that hold its segments, outermost first. If one of them
    /// is absent, so is the name. One of them may hold a list: that many names.
    /// What begins with `/` is a JSON pointer into the arguments, in which `*`
    /// is every item of a list.
    pub at: Vec<String>,
    /// The kind within the capability, such as `role`.
    pub kind: String,
    /// How it is touched.
    pub verb: Verb,
    /// What the grant must allow, where that is more than the verb: a read
    /// that proves a secret is one.
    #[serde(default)]
    pub grant: Option<Verb>,
    /// Only where these arguments have these values: the kind of a name may
    /// depend on another argument.
    #[serde(default)]
    pub when: BTreeMap<String, String>,
}

/// A rule about what an argument says.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Content {
    /// The argument.
    pub at: String,
    /// A value other than absent, `null` or `false` needs this attribute
    /// under `attributes` in the grant of the kind.
    pub attribute: String,
    /// The kind that the attribute belongs to.
    pub kind: String,
}

/// A place where a secret may stand, as `{"secret": "name"}`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Sink {
    /// A JSON pointer (RFC 6901) into the arguments.
    pub at: String,
    /// The kind of sink: the field of the document must be marked with
    /// `{"secret": "<capability>.<kind>"}`.
    pub kind: String,
}

/// Where a file is named: in the directories that the document hands to the
/// plugin. The host reads it and refuses another digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FilePlace {
    /// The argument that holds the directory, as written in the document.
    pub directory: String,
    /// The argument that holds the file's name within it.
    pub name: String,
    /// The argument that holds `sha256:…` of the content that was planned.
    pub digest: String,
}

/// What an operation does to the objects of its capability.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Effect {
    /// What happens.
    pub does: EffectKind,
    /// To objects of this kind.
    pub kind: String,
    /// The arguments that hold the object's name.
    #[serde(default)]
    pub name: Vec<String>,
    /// The kind of what the object lies in; it must be there. `create`: its
    /// name lacks the last segment. `list`: its name is the segments that are
    /// given as one name each; without it the list is absent (`null`), not
    /// empty.
    #[serde(default)]
    pub parent: Option<String>,
    /// `include`, `exclude`, `put`, `remove`, `unset`, `get`, `prove`: the
    /// field.
    #[serde(default)]
    pub field: Option<String>,
    /// `put`, `remove`: the argument that holds the key within the field.
    #[serde(default)]
    pub key: Option<String>,
    /// `include`, `exclude`: the members of a value of the set, each with its
    /// argument;
    /// `put`, `prove`: the argument under `.`. A list stands for each of its
    /// items.
    #[serde(default)]
    pub value: BTreeMap<String, String>,
    /// `create`: the fields of a new object where the arguments are silent.
    /// `constant`: the answer.
    #[serde(default)]
    pub fields: BTreeMap<String, Value>,
    /// `list`: what the segments of the name are called in the answer; an
    /// empty one is left out.
    #[serde(default)]
    pub segments: Vec<String>,
}

/// The kinds of effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum EffectKind {
    /// Makes the object; it must not be there. Arguments become its fields.
    Create,
    /// Sets fields of the object; it must be there.
    Update,
    /// Makes the object, or sets fields of the one that is there.
    Upsert,
    /// Puts values into the set `field`.
    Include,
    /// Sets `key` of the map `field`.
    Put,
    /// Takes values out of the set `field`.
    Exclude,
    /// Takes `key` out of the map `field`.
    Remove,
    /// Sets the field to `null`.
    Unset,
    /// Removes the object.
    Delete,
    /// Answers with the objects, of these names only if names were given.
    List,
    /// Answers with `field` of the object, `null` where it is not there.
    Get,
    /// Answers whether `field` was last set to this value.
    Prove,
    /// Answers with `fields`.
    Constant,
}

/// How the client performs a row.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub enum Perform {
    /// A statement form of `sql`.
    Statement(Statement),
    /// A catalogue query of the host's own: answers with one JSON value.
    /// `$1`, `$2`, … are the arguments named in `bind`, in that order.
    Query {
        /// The text.
        text: String,
        /// The arguments, as `text[]`; an absent one is NULL.
        #[serde(default)]
        bind: Vec<String>,
        /// The argument that names the database to ask; absent: the
        /// connection's own.
        #[serde(default)]
        database: Option<String>,
    },
    /// A request of an HTTP API.
    Http(Box<HttpCall>),
    /// A call of the client that the backend knows by this name.
    Call(String),
}

/// One request of an HTTP API. See `docs/api-tables.md`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpCall {
    /// `GET`, `HEAD`, `PUT`, `POST`, `PATCH` or `DELETE`.
    pub method: String,
    /// The path: each `{argument}` is one segment, percent-encoded; a list is
    /// joined by `,`.
    pub path: String,
    /// The query: a literal, or `{argument}`, which is left out where the
    /// argument is absent.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The body: JSON in which the text `{argument}` is the argument. Absent:
    /// there is none.
    #[serde(default)]
    pub body: Option<Value>,
    /// Statuses that mean that nothing is there: the answer is `null`, of a
    /// list `[]`.
    #[serde(default)]
    pub absent: Vec<u16>,
    /// Statuses that mean that something has changed meanwhile, besides 409
    /// and 412.
    #[serde(default)]
    pub conflict: Vec<u16>,
    /// The JSON pointer (RFC 6901) of the answer within the response's body.
    /// Absent: the whole body for a row that reads, `null` for one that
    /// writes.
    #[serde(default)]
    pub answer: Option<String>,
    /// The answer is a list of objects, of which this is wanted.
    #[serde(default)]
    pub list: Option<HttpList>,
    /// What must hold before.
    #[serde(default)]
    pub guard: Vec<HttpGuard>,
    /// The request is made as somebody else, and the answer is whether that
    /// is a login.
    #[serde(default)]
    pub proof: Option<HttpProof>,
}

/// A list of objects, or a map of them by name, in one form.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpList {
    /// The argument that holds the names that are wanted.
    #[serde(default)]
    pub only: Option<String>,
    /// The JSON pointer of an item's name within it. Absent: the body is a
    /// map, and its keys are the names.
    #[serde(default)]
    pub name: Option<String>,
    /// The other fields, each a JSON pointer into an item.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
}

/// A request that must succeed before.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpGuard {
    /// `GET` where nothing is said.
    #[serde(default)]
    pub method: Option<String>,
    /// As that of the row.
    pub path: String,
    /// As that of the row.
    #[serde(default)]
    pub query: BTreeMap<String, String>,
    /// The JSON pointer of a number that must be 0, or of a list that must be
    /// empty or absent; `{argument}` in it is a segment.
    #[serde(default)]
    pub zero: Option<String>,
    /// What that number counts.
    #[serde(default)]
    pub holds: String,
    /// The argument that is `true` where this need not hold.
    #[serde(default)]
    pub unless: Option<String>,
    /// The argument that is `true` where this must hold; absent: always.
    #[serde(default)]
    pub when: Option<String>,
}

/// A login by HTTP Basic, from two arguments.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct HttpProof {
    /// The argument that holds the user.
    pub user: String,
    /// The argument that holds the password.
    pub password: String,
}

/// A closed form of a statement with typed places. See `docs/table.md`.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Statement {
    /// The text: `{arg:type}` is a place. `[ … ]` is left out when a place in
    /// it has no value.
    pub text: String,
    /// The argument that names the database to run it in; absent: the
    /// connection's own.
    #[serde(default)]
    pub database: Option<String>,
    /// Whether it can stand in a transaction.
    #[serde(default = "yes")]
    pub transactional: bool,
}

/// A text that is no table: in one line, without the text itself.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.to_string().lines().next().unwrap_or_default().trim_start_matches("error: "))]
pub struct TableError(Box<serde_saphyr::Error>);

fn yes() -> bool {
    true
}

impl Table {
    /// The row of this name.
    pub fn row(&self, name: &str) -> Option<&Row> {
        self.rows.iter().find(|r| r.name == name)
    }

    /// The table in this text.
    ///
    /// # Errors
    /// Where it is no YAML, or has a key or value that no table has.
    pub fn from_yaml(text: &str) -> Result<Self, TableError> {
        serde_saphyr::from_str(text).map_err(|error| TableError(Box::new(error)))
    }

    /// Whether it is the table of an HTTP API.
    pub fn is_http(&self) -> bool {
        self.rows.iter().any(|row| matches!(row.perform, Perform::Http(_)))
    }

    /// The kinds of things that its rows touch with this verb.
    pub fn kinds(&self, verb: Verb) -> impl Iterator<Item = &str> {
        let names = self.rows.iter().flat_map(|row| &row.names);
        names.filter(move |name| name.verb == verb).map(|name| name.kind.as_str())
    }

    /// Whether its rows know things of this kind.
    pub fn has_kind(&self, kind: &str) -> bool {
        self.rows.iter().flat_map(|row| &row.names).any(|name| name.kind == kind)
    }
}

impl Row {
    /// The strongest verb of its places: `Read` if there is none.
    pub fn phase(&self) -> Verb {
        self.names.iter().map(|n| n.verb).max().unwrap_or(Verb::Read)
    }
}
