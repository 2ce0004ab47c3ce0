//! Default privileges: what roles may do with objects that another role will
//! make.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::sql::{self, Sql};
use hyhost_sdk::{Change, Context, Error, Plan, Remark, Seen, touch};
use serde_json::{Value, json};

use crate::desired::{DefaultPrivileges, Desired, PUBLIC};
use crate::privilege::{self, Held, Holds, MAINTAIN, Revoked, Statement, WITH_MAINTAIN, Wanted};
use crate::steps::Steps;
use crate::world::{self, Planned};
use crate::{database, role, schema};

/// The sorts of objects, by the document's word, with all privileges on them.
const OBJECTS: [(&str, &[&str]); 5] = [
    ("tables", privilege::OF_TABLE),
    ("sequences", privilege::OF_SEQUENCE),
    ("functions", privilege::OF_FUNCTION),
    ("types", privilege::OF_TYPE),
    ("schemas", privilege::OF_SCHEMA),
];

/// The part of the schema of the documents.
pub(crate) fn schema() -> Value {
    let of_objects = OBJECTS.iter().map(|(objects, all)| {
        let words: Vec<&str> = all.iter().copied().chain([privilege::ALL]).collect();
        json!({ "if": { "properties": { "objects": { "const": objects } }, "required": ["objects"] },
            "then": { "properties": { "privileges": { "items": { "enum": words } } } } })
    });
    json!({
        "description": "Privileges on objects that will be made. Others stay and are shown as extra.",
        "type": "array",
        "items": {
            "type": "object",
            "properties": {
                "owner": { "description": "The role that makes the objects.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.role", "verb": "write" } },
                "database": { "description": "The database in which.", "type": "string", "minLength": 1, "maxLength": 63,
                    "x-hyhost": { "name": "sql.database", "verb": "use" } },
                "schema": { "description": "The schema in which; in all where nothing is said.", "type": "string", "minLength": 1,
                    "maxLength": 63, "x-hyhost": { "name": "sql.schema", "verb": "use", "in": ["database"] } },
                "objects": { "description": "What it makes.", "enum": OBJECTS.map(|(objects, _)| objects) },
                "role": { "description": "Who gets the privileges; `public` is everybody.", "type": "string", "minLength": 1,
                    "maxLength": 63, "x-hyhost": { "name": "sql.role", "verb": "use" } },
                "privileges": { "description": "Such as `select`, or `all`; `maintain` from PostgreSQL 17 on.", "type": "array",
                    "minItems": 1, "items": { "type": "string" } },
                "grant_option": { "description": "Whether the role may grant them on.", "type": "boolean",
                    "x-hyhost": { "attribute": "sql.role.grant_option" } },
            },
            "required": ["owner", "database", "objects", "role", "privileges"],
            "allOf": of_objects.chain([json!({ "if": { "properties": { "objects": { "const": "schemas" } }, "required": ["objects"] },
                "then": { "not": { "required": ["schema"] } } })]).collect::<Vec<_>>(),
            "additionalProperties": false,
        },
    })
}

/// Whose objects, where, and of what sort.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    database: String,
    schema: Option<String>,
    owner: String,
    objects: String,
}

impl Place {
    fn id(&self) -> String {
        let schema = self.schema.iter().map(String::as_str);
        let name = std::iter::once(self.database.as_str()).chain(schema).chain([self.owner.as_str(), &self.objects]);
        hyhost_sdk::id("default_privileges", name)
    }

    fn grant(&self, statement: Statement, steps: &mut Steps) -> Result<(), Error> {
        let Statement { privileges, option: grant_option, roles } = statement;
        let (database, owner) = (self.database.clone(), self.owner.clone());
        let objects = self.objects.to_ascii_uppercase();
        match self.schema.clone() {
            None => {
                steps.then(&sql::GrantDefaultPrivileges { database, owner, objects, roles, privileges, grant_option })
            }
            Some(schema) => steps.then(&sql::GrantDefaultPrivilegesInSchema {
                database,
                schema,
                owner,
                objects,
                roles,
                privileges,
                grant_option,
            }),
        }
    }
    fn revoke(&self, statement: Statement, steps: &mut Steps) -> Result<(), Error> {
        let Statement { privileges, option: option_only, roles } = statement;
        let (database, owner) = (self.database.clone(), self.owner.clone());
        let objects = self.objects.to_ascii_uppercase();
        match self.schema.clone() {
            None => {
                steps.then(&sql::RevokeDefaultPrivileges { database, owner, objects, roles, privileges, option_only })
            }
            Some(schema) => steps.then(&sql::RevokeDefaultPrivilegesInSchema {
                database,
                schema,
                owner,
                objects,
                roles,
                privileges,
                option_only,
            }),
        }
    }
}

/// Compares.
pub(crate) fn plan(context: &Context, seen: &mut Seen<Sql>, plan: &mut Plan) -> Result<(), Error> {
    let desired: Desired = context.desired()?;
    if desired.default_privileges.is_empty() {
        return Ok(());
    }
    let (there, version) = (read(&desired, seen)?, version(&desired, seen)?);
    let (databases, schemas) = (world::databases(&desired, seen)?, world::schemas(&desired, seen)?);
    let (Some(there), Some(version), Some(databases), Some(schemas), Some(roles)) =
        (there, version, databases, schemas, world::roles(&desired, seen)?)
    else {
        return Ok(());
    };
    let (planned, exact) = (Planned::of(plan), context.exact());
    let nobody = Held::new();
    for (place, wanted) in wanted(&desired, version, plan) {
        let id = place.id();
        let is_there = databases.contains_key(&place.database);
        if !is_there && !planned.changes(&database::id(&place.database)) {
            plan.deferred.push(Remark::new(&id, format!("database `{}` is not there yet", place.database)));
            continue;
        }
        if let Some(name) = &place.schema {
            let known = schemas.get(&place.database).and_then(Option::as_ref);
            let is_there = known.is_some_and(|known| known.contains_key(name)) || schema::is_builtin(name);
            if !is_there && !planned.changes(&schema::id(&place.database, name)) {
                plan.deferred.push(Remark::new(&id, format!("schema `{name}` is not there yet")));
                continue;
            }
        }
        if let Some(missing) = role::missing(&place.owner, &roles, &planned, &id) {
            plan.deferred.push(missing);
            continue;
        }
        let held = there.get(&place).unwrap_or(&nobody);
        let mut missing = Wanted::new();
        for (role, words) in &wanted {
            let lacks = privilege::missing(words, held.get(role));
            match role::missing(role, &roles, &planned, &id) {
                _ if lacks.is_empty() => {}
                Some(remark) => plan.deferred.push(remark),
                None => {
                    missing.insert(role.clone(), lacks);
                }
            }
        }
        let beyond = privilege::beyond(held, Some(&wanted), exact);
        let remarks = privilege::remarks(&beyond, exact);
        plan.extras.extend(remarks.into_iter().map(|text| Remark::new(&id, text)));
        let revoked = if exact { beyond.ours } else { Revoked::new() };
        if !missing.is_empty() || !revoked.is_empty() {
            plan.changes.push(change(&place, held, &missing, &revoked, &planned)?);
        }
    }
    Ok(())
}

/// What is there by place; `None`: not all is read yet.
fn read(desired: &Desired, seen: &mut Seen<Sql>) -> Result<Option<BTreeMap<Place, Held>>, Error> {
    let mut all = Some(BTreeMap::new());
    let databases: BTreeSet<&str> = desired.default_privileges.iter().map(|of| of.database.as_str()).collect();
    for database in databases {
        let found = seen.read(&sql::ReadDefaultPrivileges { database: database.to_owned() })?;
        let (Some(all), Some(found)) = (&mut all, found) else {
            all = None;
            continue;
        };
        for one in found.unwrap_or_default() {
            let place = Place {
                database: database.to_owned(),
                schema: one.schema,
                owner: one.owner,
                objects: one.objects.to_ascii_lowercase(),
            };
            let holds = Holds { builtin: one.builtin, grantable: one.grantable, foreign: false };
            let word = one.privilege.to_ascii_lowercase();
            privilege::add(all.entry(place).or_default(), one.grantee, word, holds);
        }
    }
    Ok(all)
}

/// The server's version, where something depends on it; `None`: not read yet.
fn version(desired: &Desired, seen: &mut Seen<Sql>) -> Result<Option<i64>, Error> {
    let depends = |of: &DefaultPrivileges| {
        of.objects == "tables" && of.privileges.iter().any(|word| word == privilege::ALL || word == MAINTAIN)
    };
    match desired.default_privileges.iter().any(depends) {
        true => Ok(seen.read(&sql::ReadServer {})?.map(|server| server.version)),
        false => Ok(Some(0)),
    }
}

fn wanted(desired: &Desired, version: i64, plan: &mut Plan) -> BTreeMap<Place, Wanted> {
    let mut wanted: BTreeMap<Place, Wanted> = BTreeMap::new();
    for of in &desired.default_privileges {
        let place = Place {
            database: of.database.clone(),
            schema: of.schema.clone(),
            owner: of.owner.clone(),
            objects: of.objects.clone(),
        };
        if version != 0 && version < WITH_MAINTAIN && of.privileges.iter().any(|word| word == MAINTAIN) {
            plan.refused.push(Remark::new(place.id(), privilege::too_old(version)));
            continue;
        }
        let all = OBJECTS.iter().find(|(objects, _)| *objects == of.objects).map_or(&[][..], |(_, all)| all);
        let of_role = wanted.entry(place).or_default().entry(of.role.clone()).or_default();
        for word in privilege::words(&of.privileges, all, version) {
            *of_role.entry(word).or_default() |= of.grant_option;
        }
    }
    wanted
}

fn change(place: &Place, held: &Held, missing: &Wanted, revoked: &Revoked, planned: &Planned) -> Result<Change, Error> {
    let (diff, is_new) = privilege::diff(Some(held), missing, revoked);
    let mut steps = Steps::default();
    for statement in privilege::statements(missing) {
        place.grant(statement, &mut steps)?;
    }
    for statement in privilege::statements(revoked) {
        place.revoke(statement, &mut steps)?;
    }
    let mut change = match is_new {
        _ if !revoked.is_empty() => Change::destroy(place.id()),
        true => Change::create(place.id()),
        false => Change::update(place.id()),
    };
    change = change.lane(place.id()).requires(database::id(&place.database));
    change = match &place.schema {
        None => change.touch(touch::refer("sql", "database", [&place.database])),
        Some(name) => change.requires(schema::id(&place.database, name)).touch(touch::refer(
            "sql",
            "schema",
            [&place.database, name],
        )),
    };
    change = change.requires(role::id(&place.owner)).touch(touch::write("sql", "role", [&place.owner]));
    for role in missing.keys() {
        let of_role = role::id(role);
        if role != PUBLIC && planned.changes(&of_role) {
            change = change.requires(of_role);
        }
        change = change.touch(touch::refer("sql", "role", [role]));
    }
    change.differs(diff).payload(&steps)
}
