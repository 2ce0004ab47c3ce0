//! What a bucket policy means, whatever it looks like.
//!
//! Servers write a policy back in their own form: they merge and split
//! statements, turn one value into a list, sort, drop what is empty. So
//! policies are compared by what they say about each principal, action and
//! resource, and never as text.

use serde_json::{Map, Value, json};

/// A policy document, as the server gives and takes it.
pub type Policy = Map<String, Value>;

/// Sorted, each once.
type Set = Vec<String>;

/// Everybody, with a login or without, as a principal.
const EVERYBODY: &str = "*";

/// A statement by its meaning: it holds for each principal with each action on
/// each resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    effect: String,
    principals: Set,
    actions: Set,
    resources: Set,
    /// Canonical text; empty if there is none.
    condition: String,
}

impl Statement {
    /// The meaning of a statement. Anything can be read: what is not known
    /// stays apart from everything else.
    pub fn read(statement: &Value) -> Self {
        Self {
            effect: statement["Effect"].as_str().unwrap_or_default().to_owned(),
            principals: or_none(principals(statement)),
            actions: or_none(set_or_not(statement, "Action", "NotAction")),
            resources: or_none(set_or_not(statement, "Resource", "NotResource")),
            condition: condition(&statement["Condition"]),
        }
    }

    /// Whether it gives something to everybody.
    pub fn is_anonymous(&self) -> bool {
        self.effect == "Allow" && self.principals.iter().any(|name| name == EVERYBODY)
    }

    /// The part of it that concerns everybody.
    fn anonymous(mut self) -> Self {
        self.principals = vec![EVERYBODY.to_owned()];
        self
    }

    /// Whether the others, taken together, say all that this one says.
    pub fn is_said_by(&self, others: &[Self]) -> bool {
        let alike = |other: &&Self| other.effect == self.effect && other.condition == self.condition;
        let alike: Vec<&Self> = others.iter().filter(alike).collect();
        let triples = self.principals.iter().flat_map(|principal| {
            let actions = self.actions.iter();
            actions.flat_map(move |action| self.resources.iter().map(move |resource| (principal, action, resource)))
        });
        let is_said = |(principal, action, resource): (&String, &String, &String)| {
            alike.iter().any(|other| {
                other.actions.contains(action)
                    && other.resources.contains(resource)
                    && other.principals.contains(principal)
            })
        };
        triples.into_iter().all(is_said)
    }

    /// It in words, for a person.
    pub fn words(&self) -> String {
        let list = |set: &Set| set.join(", ");
        let to = if self.principals == [EVERYBODY] { "everybody".to_owned() } else { list(&self.principals) };
        let condition = if self.condition.is_empty() { "" } else { ", under a condition" };
        let actions = list(&self.actions);
        let on = if self.resources == [""] { String::new() } else { format!(" on {}", list(&self.resources)) };
        match (self.effect.as_str(), to.as_str()) {
            ("Allow", "") => format!("{actions}{on}{condition}"),
            ("Allow", to) => format!("{to} may {actions}{on}{condition}"),
            (effect, "") => format!("{effect}: {actions}{on}{condition}"),
            (effect, to) => format!("{effect}: {to}, {actions}{on}{condition}"),
        }
    }
}

/// What separates two policies that are attached to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Change {
    /// The new one only gives more, or forbids less.
    Gives,
    /// The new one takes something away, or forbids it.
    Takes,
}

/// How the meaning changes from one policy to the other; `None`: it does not.
pub fn change(is: &Policy, shall: &Policy) -> Option<Change> {
    let (is, shall) = (meanings(&statements(Some(is))), meanings(&statements(Some(shall))));
    let beyond = |some: &[Statement], others: &[Statement], allow: bool| {
        some.iter().any(|one| (one.effect == "Allow") == allow && !one.is_said_by(others))
    };
    if beyond(&is, &shall, true) || beyond(&shall, &is, false) {
        return Some(Change::Takes);
    }
    (beyond(&shall, &is, true) || beyond(&is, &shall, false)).then_some(Change::Gives)
}

/// The statements of a document as they are written. One may stand alone in
/// place of a list.
pub fn statements(policy: Option<&Policy>) -> Vec<Value> {
    match policy.and_then(|policy| policy.get("Statement")) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(statements)) => statements.clone(),
        Some(statement) => vec![statement.clone()],
    }
}

/// The policy with other statements; `None` without any, as a policy must have
/// one.
pub fn with_statements(policy: Option<&Policy>, statements: Vec<Value>) -> Option<Policy> {
    if statements.is_empty() {
        return None;
    }
    let mut policy = policy.cloned().unwrap_or_default();
    policy.entry("Version").or_insert_with(|| "2012-10-17".into());
    policy.insert("Statement".to_owned(), Value::Array(statements));
    Some(policy)
}

/// The policy in the form that a server demands of one that is attached to
/// somebody: with a version, and its statements in a list.
pub fn complete(policy: Policy) -> Policy {
    with_statements(Some(&policy), statements(Some(&policy))).unwrap_or(policy)
}

/// What anonymous access is called, as in `mc anonymous`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Anonymous {
    /// No access.
    None,
    /// Listing and reading.
    Download,
    /// Writing and deleting.
    Upload,
    /// Both.
    Public,
}

impl Anonymous {
    const ALL: [Self; 4] = [Self::None, Self::Download, Self::Upload, Self::Public];

    /// The word that documents use.
    pub fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Download => "download",
            Self::Upload => "upload",
            Self::Public => "public",
        }
    }

    /// The statements that it stands for: those that MinIO's own clients
    /// write and recognise.
    pub fn statements(self, bucket: &str) -> Vec<Value> {
        let (reads, writes) = match self {
            Self::None => return Vec::new(),
            Self::Download => (true, false),
            Self::Upload => (false, true),
            Self::Public => (true, true),
        };
        let (mut on_bucket, mut on_objects) = (vec!["s3:GetBucketLocation"], Vec::new());
        if reads {
            on_bucket.push("s3:ListBucket");
            on_objects.push("s3:GetObject");
        }
        if writes {
            on_bucket.push("s3:ListBucketMultipartUploads");
            on_objects.extend([
                "s3:AbortMultipartUpload",
                "s3:DeleteObject",
                "s3:ListMultipartUploadParts",
                "s3:PutObject",
            ]);
        }
        let allow = |actions: Vec<&str>, resource: String| {
            json!({
                "Effect": "Allow",
                "Principal": { "AWS": [EVERYBODY] },
                "Action": actions,
                "Resource": [resource],
            })
        };
        vec![allow(on_bucket, format!("arn:aws:s3:::{bucket}")), allow(on_objects, format!("arn:aws:s3:::{bucket}/*"))]
    }

    /// Which of them the policy is, as far as everybody is concerned.
    pub fn of(policy: Option<&Policy>, bucket: &str) -> Option<Self> {
        let is = anonymous_part(policy);
        Self::ALL.into_iter().find(|level| {
            let shall = meanings(&level.statements(bucket));
            shall.iter().all(|one| one.is_said_by(&is)) && is.iter().all(|one| one.is_said_by(&shall))
        })
    }

    /// What a policy that is none of them gives to everybody, in words: what
    /// goes beyond this one, or all of it if nothing does.
    pub fn described(self, policy: Option<&Policy>, bucket: &str) -> Vec<String> {
        let is = anonymous_part(policy);
        let shall = meanings(&self.statements(bucket));
        let beyond: Vec<String> = is.iter().filter(|one| !one.is_said_by(&shall)).map(Statement::words).collect();
        if beyond.is_empty() { is.iter().map(Statement::words).collect() } else { beyond }
    }

    /// The policy with this in place of what it gave to everybody. What it
    /// says of others stays, as do refusals.
    pub fn put_into(self, policy: Option<&Policy>, bucket: &str) -> Option<Policy> {
        let mut kept: Vec<Value> = statements(policy).into_iter().filter_map(without_everybody).collect();
        kept.extend(self.statements(bucket));
        with_statements(policy, kept)
    }
}

/// The meanings of statements.
pub fn meanings(statements: &[Value]) -> Vec<Statement> {
    statements.iter().map(Statement::read).collect()
}

fn anonymous_part(policy: Option<&Policy>) -> Vec<Statement> {
    let all = meanings(&statements(policy));
    all.into_iter().filter(Statement::is_anonymous).map(Statement::anonymous).collect()
}

/// What is left of a statement when nothing of it is for everybody.
fn without_everybody(mut statement: Value) -> Option<Value> {
    if !Statement::read(&statement).is_anonymous() {
        return Some(statement);
    }
    let Value::Object(principal) = &mut statement["Principal"] else {
        return None;
    };
    if let Some(accounts) = principal.remove("AWS") {
        let mut named = values(&accounts);
        named.retain(|name| name != EVERYBODY);
        if !named.is_empty() {
            principal.insert("AWS".to_owned(), named.into_iter().collect());
        }
    }
    let named = !principal.is_empty();
    named.then_some(statement)
}

/// What a statement does not say is one value of its own: a policy that is
/// attached to somebody names no principal, and administrators' actions no
/// resource. Else such a statement would be a product of nothing, which
/// everything says.
fn or_none(set: Set) -> Set {
    if set.is_empty() { vec![String::new()] } else { set }
}

/// One value or many, as a set of texts.
fn values(value: &Value) -> Set {
    match value {
        Value::Null => Vec::new(),
        Value::Array(items) => set(items.iter().map(text)),
        one => vec![text(one)],
    }
}

fn set(texts: impl Iterator<Item = String>) -> Set {
    let mut set = Vec::new();
    for text in texts {
        if let Err(at) = set.binary_search(&text) {
            set.insert(at, text);
        }
    }
    set
}

fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

fn principals(statement: &Value) -> Set {
    if let Some(not) = statement.get("NotPrincipal") {
        return vec![format!("all but {}", canonical(not))];
    }
    match &statement["Principal"] {
        Value::Object(kinds) => set(kinds.iter().flat_map(|(kind, names)| {
            let prefix = if kind == "AWS" { String::new() } else { format!("{kind}:") };
            values(names).into_iter().map(move |name| format!("{prefix}{name}"))
        })),
        other => values(other),
    }
}

/// A set that may be given by what is not in it: that cannot be taken apart.
fn set_or_not(statement: &Value, key: &str, not_key: &str) -> Set {
    match statement.get(not_key) {
        Some(not) => {
            vec![format!("all but {}", values(not).join(", "))]
        }
        None => values(&statement[key]),
    }
}

/// Operators, keys and values in order; a single value as a list. Objects of
/// `serde_json` are sorted by key.
fn condition(condition: &Value) -> String {
    match condition {
        Value::Null => String::new(),
        Value::Object(operators) if operators.is_empty() => String::new(),
        other => canonical(other),
    }
}

fn canonical(value: &Value) -> String {
    fn sorted(value: &Value) -> Value {
        match value {
            Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), sorted(value))).collect(),
            other => values(other).into_iter().collect(),
        }
    }
    sorted(value).to_string()
}

#[cfg(test)]
mod tests;
