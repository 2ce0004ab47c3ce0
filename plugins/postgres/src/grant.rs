//! Grants: privileges of roles on a database, a schema, or tables, sequences
//! and functions of one.
//!
//! All that roles lack on one object is one change: the server keeps the
//! privileges in the object's own row, which one can change at a time.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Error, Plan, Remark, Seen, touch};
use serde_json::{Value, json};

use crate::desired::{Desired, Grant, PUBLIC};
use crate::object::{Found, Object, Sort, Spelt, There};
use crate::privilege::{self, Held, MAINTAIN, Revoked, WITH_MAINTAIN, Wanted};
use crate::steps::Steps;
use crate::world::{self, Planned, Roles};
use crate::{database, role, schema};

/// The part of the schema of the documents.
pub(crate) fn schema() -> Value {
    let words = |sort: Sort| {
        let words: Vec<&str> = sort.all().iter().copied().chain([privilege::ALL]).collect();
        json!({ "properties": { "privileges": { "items": { "enum": words } } } })
    };
    let names = |kind: &str, description: &str, longest: u32| {
        json!({ "description": description, "type": "array", "minItems": 1,
            "items": { "type": "string", "minLength": 1, "maxLength": longest,
                "x-hyhost": { "name": kind, "verb": "write", "in": ["database", "schema"], "pattern": true } } })
    };
    json!({
        "description": "Privileges: on a database; with `schema` on that schema; with `tables`, `sequences` or `functions` \
                        on those of it. What a role has beyond them stays and is shown as extra; with `exact: true` in the target it goes.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "role": { "description": "Who gets them; `public` is everybody.", "type": "string", "minLength": 1,
                    "maxLength": 63, "x-hyhost": { "name": "sql.role", "verb": "use" } },
                "database": { "description": "The database.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.database", "verb": "write" } },
                "schema": { "description": "The schema.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.schema", "verb": "write", "in": ["database"] } },
                "tables": names("sql.table", "Tables and views by name; `*`: all that are there.", 63),
                "sequences": names("sql.sequence", "Sequences by name; `*`: all that are there.", 63),
                "functions": names("sql.function", "Functions, procedures and aggregates by name and the types of their \
                    arguments, such as `f(integer, text)`, or by a name that only one has; `*`: all that are there.", 1024),
                "privileges": { "description": "Such as `connect`, `usage`, `select`, or `all`; `maintain` from PostgreSQL 17 on.",
                    "type": "array", "items": { "type": "string" } },
                "grant_option": { "description": "Whether the role may grant them on.", "type": "boolean",
                    "x-hyhost": { "attribute": "sql.role.grant_option" } },
            },
            "required": ["role", "database", "privileges"],
            "dependentRequired": { "tables": ["schema"], "sequences": ["schema"], "functions": ["schema"] },
            "allOf": [
                { "not": { "required": ["tables", "sequences"] } },
                { "not": { "required": ["tables", "functions"] } },
                { "not": { "required": ["sequences", "functions"] } },
            ],
            "if": { "required": ["tables"] },
            "then": words(Sort::Table),
            "else": {
                "if": { "required": ["sequences"] },
                "then": words(Sort::Sequence),
                "else": {
                    "if": { "required": ["functions"] },
                    "then": words(Sort::Function),
                    "else": { "if": { "required": ["schema"] }, "then": words(Sort::Schema), "else": words(Sort::Database) },
                },
            },
            "additionalProperties": false,
        },
    })
}

/// So many roles are in one change: an event of the audit says them all.
const ROLES: usize = 200;

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    let version = version(&desired, seen)?;
    let (there, roles) = (There::read(&desired, seen)?, world::roles(&desired, seen)?);
    let (Some(there), Some(roles), Some(version)) = (there, roles, version) else {
        return Ok(());
    };
    let planned = Planned::of(plan);
    let wanted = wanted(&desired, &there, &planned, version, plan);
    let mut revoked = beyond(&desired, &there, &wanted, context.exact(), plan);
    for (object, of_object) in &wanted {
        let id = object.grant_id();
        let held = match there.find(object) {
            Found::Is(held) => Some(held),
            Found::Absent if planned.changes(&object.id()) => None,
            Found::Absent => {
                plan.deferred.push(Remark::new(id, format!("{} is not there yet", object.id())));
                continue;
            }
            Found::Many(all) => {
                let text = format!("several functions have this name: write one of {}", all.join(", "));
                plan.refused.push(Remark::new(id, text));
                continue;
            }
        };
        let all: Vec<(&String, &BTreeMap<String, bool>)> = of_object.iter().collect();
        for (number, portion) in all.chunks(ROLES).enumerate() {
            // By the document alone: what differs has the same id next time.
            let id = if number == 0 { id.clone() } else { format!("{id} ({})", number + 1) };
            let missing = missing(portion, held, &roles, &planned, object, plan);
            let revoked = revoked.remove(object).unwrap_or_default();
            if !missing.is_empty() || !revoked.is_empty() {
                plan.changes.push(change(object, held, &missing, &revoked, id, &planned)?);
            }
        }
    }
    // Of objects that the document declares and grants nothing on.
    for (object, revoked) in revoked {
        if let Found::Is(held) = there.find(&object) {
            plan.changes.push(change(&object, Some(held), &Wanted::new(), &revoked, object.grant_id(), &planned)?);
        }
    }
    Ok(())
}

/// The server's version, where something depends on it; `None`: not read yet.
fn version(desired: &Desired, seen: &mut Seen<Sql>) -> Result<Option<i64>, Error> {
    let depends = |word: &String| word == privilege::ALL || word == MAINTAIN;
    let mut of_tables = desired.grants.iter().filter(|grant| !grant.tables.is_empty());
    match of_tables.any(|grant| grant.privileges.iter().any(depends)) {
        true => Ok(seen.read(&sql::ReadServer {})?.map(|server| server.version)),
        false => Ok(Some(0)),
    }
}

/// What roles of a portion lack on an object.
fn missing(
    portion: &[(&String, &BTreeMap<String, bool>)],
    held: Option<&Held>,
    roles: &Roles,
    planned: &Planned,
    object: &Object,
    plan: &mut Plan,
) -> Wanted {
    let mut all = Wanted::new();
    for (role, wanted) in portion {
        let missing = privilege::missing(wanted, held.and_then(|held| held.get(*role)));
        if missing.is_empty() {
            continue;
        }
        match role::missing(role, roles, planned, &object.grant_id()) {
            Some(remark) => plan.deferred.push(remark),
            None => {
                all.insert((*role).clone(), missing);
            }
        }
    }
    all
}

type WantedOf = BTreeMap<Object, Wanted>;

/// The privileges of the document by object and role; `*` is every object that
/// is there.
fn wanted(desired: &Desired, there: &There, planned: &Planned, version: i64, plan: &mut Plan) -> WantedOf {
    let mut wanted = WantedOf::new();
    // One function may be written in several ways: the first stands for all.
    let mut first: BTreeMap<Object, Object> = BTreeMap::new();
    for grant in &desired.grants {
        let (sort, objects) = objects(grant, there, planned, plan);
        if version != 0 && version < WITH_MAINTAIN && grant.privileges.iter().any(|word| word == MAINTAIN) {
            let id = objects.first().map_or_else(|| database::id(&grant.database), Object::grant_id);
            plan.refused.push(Remark::new(id, privilege::too_old(version)));
            continue;
        }
        let words = privilege::words(&grant.privileges, sort.all(), version);
        for object in objects {
            let object = match there.spelt(&object) {
                Spelt::As(spelt) if sort == Sort::Function => first.entry(spelt).or_insert(object).clone(),
                _ => object,
            };
            let of_role = wanted.entry(object).or_default().entry(grant.role.clone()).or_default();
            for word in &words {
                *of_role.entry(word.clone()).or_default() |= grant.grant_option;
            }
        }
    }
    wanted
}

/// The objects of an entry, and of what sort they are.
fn objects(grant: &Grant, there: &There, planned: &Planned, plan: &mut Plan) -> (Sort, Vec<Object>) {
    let database = grant.database.as_str();
    let Some(schema) = grant.schema.as_deref() else {
        return (Sort::Database, vec![Object::new(Sort::Database, [database])]);
    };
    let lists = [(Sort::Table, &grant.tables), (Sort::Sequence, &grant.sequences), (Sort::Function, &grant.functions)];
    let Some((sort, names)) = lists.into_iter().find(|(_, names)| !names.is_empty()) else {
        return (Sort::Schema, vec![Object::new(Sort::Schema, [database, schema])]);
    };
    let mut all = privilege::plain_names(names);
    if names.iter().any(|name| name == "*") {
        all.extend(there.names(sort, database, schema));
        let of_schema = Object::new(Sort::Schema, [database, schema]);
        let every = Object::new(sort, [database, schema, "*"]).grant_id();
        let migrations = hyhost_sdk::id("migration", [database]);
        if planned.changes_within(&migrations).next().is_some() || planned.puts_off(&migrations) {
            let text = "compared again once the migrations of this database have made what they make";
            plan.deferred.push(Remark::new(every, text));
        } else if !there.has(&of_schema) && !planned.changes(&of_schema.id()) {
            plan.deferred.push(Remark::new(every, format!("{} is not there yet", of_schema.id())));
        }
    }
    (sort, all.into_iter().map(|name| Object::new(sort, [database, schema, name])).collect())
}

fn change(
    object: &Object,
    held: Option<&Held>,
    missing: &Wanted,
    revoked: &Revoked,
    id: String,
    planned: &Planned,
) -> Result<Change, Error> {
    let (diff, is_new) = privilege::diff(held, missing, revoked);
    let mut steps = Steps::default();
    for statement in privilege::statements(missing) {
        object.grant(statement, &mut steps)?;
    }
    for statement in privilege::statements(revoked) {
        object.revoke(statement, &mut steps)?;
    }
    let mut change = match is_new {
        _ if !revoked.is_empty() => Change::destroy(id),
        true => Change::create(id),
        false => Change::update(id),
    };
    change = change.lane(object.id()).requires(object.id());
    if let [database, schema, ..] = &object.name[..] {
        change = change.requires(database::id(database)).requires(schema::id(database, schema));
    }
    for role in missing.keys() {
        let of_role = role::id(role);
        if role != PUBLIC && planned.changes(&of_role) {
            change = change.requires(of_role);
        }
        change = change.touch(touch::refer("sql", "role", [role]));
    }
    change.touch(touch::write("sql", object.sort.kind(), &object.name)).differs(diff).payload(&steps)
}

/// Access on what the document declares or grants on, beyond what it says: what
/// goes if it says all, and remarks on the rest.
fn beyond(
    desired: &Desired,
    there: &There,
    wanted: &WantedOf,
    exact: bool,
    plan: &mut Plan,
) -> BTreeMap<Object, Revoked> {
    let databases = desired.databases.iter().map(|database| Object::new(Sort::Database, [&database.name]));
    let schemas = desired.schemas.iter().map(|schema| Object::new(Sort::Schema, [&schema.database, &schema.name]));
    let objects: BTreeSet<Object> = wanted.keys().cloned().chain(databases).chain(schemas).collect();
    let mut revoked = BTreeMap::new();
    for object in objects {
        let Found::Is(held) = there.find(&object) else { continue };
        let mut said = wanted.get(&object).cloned().unwrap_or_default();
        add_defaults(desired, there, &object, &mut said);
        let beyond = privilege::beyond(held, Some(&said), exact);
        let remarks = privilege::remarks(&beyond, exact);
        plan.extras.extend(remarks.into_iter().map(|text| Remark::new(object.grant_id(), text)));
        if exact && !beyond.ours.is_empty() {
            revoked.insert(object, beyond.ours);
        }
    }
    revoked
}

/// Adds what default privileges of the document have given to an object: what
/// they say is not beyond the document.
fn add_defaults(desired: &Desired, there: &There, object: &Object, said: &mut Wanted) {
    let (Some(owner), Some(database)) = (there.owner(object), object.name.first()) else { return };
    let schema = object.name.get(1).filter(|_| object.sort != Sort::Schema);
    for of in &desired.default_privileges {
        let here = of.schema.is_none() || of.schema.as_ref() == schema;
        if of.owner != owner || &of.database != database || of.objects != object.sort.plural() || !here {
            continue;
        }
        // On an older server a word too many does no harm: nobody has it.
        for word in privilege::words(&of.privileges, object.sort.all(), WITH_MAINTAIN) {
            *said.entry(of.role.clone()).or_default().entry(word).or_default() |= of.grant_option;
        }
    }
}
