//! Databases: owner, template, encoding, locale, tablespace, limit, comment.

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Diff, Error, Plan, Remark, Seen, touch};
use serde_json::{Value, json};

use crate::desired::{Database, Desired};
use crate::role;
use crate::steps::Steps;
use crate::world::{self, Planned};

/// The part of the schema; `migrations` is a kind of its own.
pub(crate) fn schema() -> Value {
    json!({
        "description": "Databases. What is not set stays as it is.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "name": { "description": "The database's name.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.database" } },
                "owner": { "description": "The role that owns it.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.role", "verb": "use" } },
                "template": { "description": "The database that it is copied from when it is made; another encoding or locale than that of template1 needs template0.",
                    "type": "string", "minLength": 1, "maxLength": 63, "x-hyhost": { "name": "sql.database", "verb": "use" } },
                "encoding": { "description": "Its encoding, such as UTF8. It cannot be changed later.", "type": "string" },
                "locale_provider": { "description": "Who sorts: libc, icu, or builtin (from PostgreSQL 17 on). It cannot be changed later.",
                    "enum": ["libc", "icu", "builtin"] },
                "locale": { "description": "The locale in the provider's own words. It cannot be changed later.", "type": "string" },
                "collate": { "description": "LC_COLLATE, where it is not the locale's. It cannot be changed later.", "type": "string" },
                "ctype": { "description": "LC_CTYPE, where it is not the locale's. It cannot be changed later.", "type": "string" },
                "tablespace": { "description": "Where its files are. Another one moves them.", "type": "string", "minLength": 1,
                    "maxLength": 63, "x-hyhost": { "name": "sql.tablespace", "verb": "use" } },
                "connection_limit": { "description": "The most sessions at a time; -1: no limit.", "type": "integer", "minimum": -1 },
                "comment": { "description": "A comment on it; an empty one: none.", "type": "string" },
            },
            "required": ["name"],
            "additionalProperties": false,
        },
    })
}

/// The id of a database's changes.
pub(crate) fn id(name: &str) -> String {
    hyhost_sdk::id("database", [name])
}

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    let (there, roles) = (world::databases(&desired, seen)?, world::roles(&desired, seen)?);
    let (Some(there), Some(roles)) = (there, roles) else {
        return Ok(());
    };
    let planned = Planned::of(plan);
    for database in &desired.databases {
        let id = id(&database.name);
        let is = there.get(&database.name);
        if let Some(text) = is.and_then(|is| fixed(database, is)) {
            plan.refused.push(Remark::new(&id, text));
        }
        if let Some(owner) = &database.owner
            && let Some(missing) = role::missing(owner, &roles, &planned, &id)
        {
            plan.deferred.push(missing);
            continue;
        }
        let change = match is {
            None => Some(create(database, &id)?),
            Some(is) => update(database, is, &id)?,
        };
        plan.changes.extend(change);
    }
    Ok(())
}

/// What differs and can never be changed.
fn fixed(database: &Database, is: &sql::Database) -> Option<String> {
    let same = |a: &str, b: &str| a == b;
    let icu_or_builtin = is.locale_provider.as_deref().is_some_and(|provider| provider != "libc");
    let locale = if icu_or_builtin { &is.locale } else { &is.collate };
    let encoding = Some(is.encoding.clone());
    for (what, shall, is, same) in [
        ("encoding", &database.encoding, &encoding, same_encoding as fn(&str, &str) -> bool),
        ("locale_provider", &database.locale_provider, &is.locale_provider, same),
        ("locale", &database.locale, locale, same_locale),
        ("collate", &database.collate, &is.collate, same_locale),
        ("ctype", &database.ctype, &is.ctype, same_locale),
    ] {
        if let (Some(shall), Some(is)) = (shall, is)
            && !same(shall, is)
        {
            return Some(format!("its {what} is {is} and cannot be changed to {shall}; make another database"));
        }
    }
    None
}

fn create(database: &Database, id: &str) -> Result<Change, Error> {
    let (mut diff, mut steps) = (Diff::default(), Steps::default());
    for (what, shall) in [
        ("owner", &database.owner),
        ("template", &database.template),
        ("encoding", &database.encoding),
        ("locale_provider", &database.locale_provider),
        ("locale", &database.locale),
        ("collate", &database.collate),
        ("ctype", &database.ctype),
        ("tablespace", &database.tablespace),
        ("comment", &database.comment),
    ] {
        diff.want(what, Value::Null, shall.clone());
    }
    diff.want("connection_limit", Value::Null, database.connection_limit);
    // Each provider has a word of its own for its locale.
    let locale_of =
        |provider: Option<&str>| database.locale.clone().filter(|_| database.locale_provider.as_deref() == provider);
    steps.then(&sql::CreateDatabase {
        name: database.name.clone(),
        owner: database.owner.clone(),
        template: database.template.clone(),
        encoding: database.encoding.clone(),
        locale_provider: database.locale_provider.clone(),
        locale: locale_of(None).or_else(|| locale_of(Some("libc"))),
        collate: database.collate.clone(),
        ctype: database.ctype.clone(),
        icu_locale: locale_of(Some("icu")),
        builtin_locale: locale_of(Some("builtin")),
        tablespace: database.tablespace.clone(),
        connection_limit: database.connection_limit,
    })?;
    if let Some(comment) = database.comment.clone().filter(|comment| !comment.is_empty()) {
        steps.then(&sql::CommentOnDatabase { name: database.name.clone(), comment })?;
    }
    let mut change = Change::create(id);
    if let Some(template) = &database.template {
        change = change.touch(touch::refer("sql", "database", [template]));
    }
    finish(change, database, id, diff, &steps)
}

fn update(database: &Database, is: &sql::Database, id: &str) -> Result<Option<Change>, Error> {
    let (mut diff, mut steps) = (Diff::default(), Steps::default());
    let name = || database.name.clone();
    diff.want("owner", is.owner.clone(), database.owner.clone());
    if let Some(owner) = database.owner.clone().filter(|_| diff.has("owner")) {
        steps.then(&sql::AlterDatabaseOwner { name: name(), owner })?;
    }
    diff.want("connection_limit", is.connection_limit, database.connection_limit);
    if let Some(connection_limit) = database.connection_limit.filter(|_| diff.has("connection_limit")) {
        steps.then(&sql::AlterDatabaseConnectionLimit { name: name(), connection_limit })?;
    }
    diff.want("comment", is.comment.clone().unwrap_or_default(), database.comment.clone());
    if let Some(comment) = database.comment.clone().filter(|_| diff.has("comment")) {
        steps.then(&sql::CommentOnDatabase { name: name(), comment })?;
    }
    diff.want("tablespace", json!(is.tablespace), database.tablespace.clone());
    if let Some(tablespace) = database.tablespace.clone().filter(|_| diff.has("tablespace")) {
        steps.then(&sql::AlterDatabaseTablespace { name: name(), tablespace })?;
    }
    match diff.is_empty() {
        true => Ok(None),
        false => finish(Change::update(id), database, id, diff, &steps).map(Some),
    }
}

fn finish(mut change: Change, database: &Database, id: &str, diff: Diff, steps: &Steps) -> Result<Change, Error> {
    if let Some(owner) = &database.owner {
        change = change.requires(role::id(owner)).touch(touch::refer("sql", "role", [owner]));
    }
    if let Some(tablespace) = &database.tablespace {
        change = change.touch(touch::refer("sql", "tablespace", [tablespace]));
    }
    change = change.touch(touch::write("sql", "database", [&database.name]));
    change.lane(id).differs(diff).payload(steps)
}

/// Encodings have many spellings: `utf-8` is `UTF8`.
fn same_encoding(a: &str, b: &str) -> bool {
    let plain = |text: &str| {
        let text: String = text.chars().filter(char::is_ascii_alphanumeric).collect::<String>().to_ascii_uppercase();
        if text == "UNICODE" { "UTF8".to_owned() } else { text }
    };
    plain(a) == plain(b)
}

/// So have locales: `en_US.utf8` is `en_US.UTF-8`, and ICU writes `en_US` as
/// `en-US`.
fn same_locale(a: &str, b: &str) -> bool {
    let plain = |text: &str| -> String {
        text.chars().filter(|c| !matches!(c, '-' | '_')).collect::<String>().to_ascii_lowercase()
    };
    plain(a) == plain(b)
}
