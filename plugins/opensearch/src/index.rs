//! Indexes: that they are there, their settings and mappings, and the alias
//! that writes go through.
//!
//! With an alias an index is the first of many: once the alias is there, what
//! it stands for is no longer the document's matter but that of rollovers.

use std::collections::{BTreeMap, BTreeSet};

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{
    Call, Change, Connection, Context, Diff, Error, Kind, Operation, Outcome, Outcomes, Plan, Remark, Seen, id, touch,
};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::normal::{self, Body, differences};
use crate::shape::{CAPABILITY, is_about_the_kind, is_internal};

/// Indexes.
pub(crate) const KIND: Kind<OpenSearch> = Kind { name: "index", field: "indexes", schema, plan, ensure };

#[derive(Deserialize)]
struct Document {
    #[serde(default)]
    indexes: Vec<Index>,
}

/// An index, as the document desires it. What is absent is not managed.
#[derive(Debug, Clone, Serialize, Deserialize)]
struct Index {
    name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    settings: Option<Body>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    mappings: Option<Body>,
}

/// What a change says to itself.
#[derive(Serialize, Deserialize)]
enum Payload {
    Make(Index),
    Remove { name: String, with_data: bool },
}

/// What is there: indexes by name, and the indexes behind each alias.
#[derive(Default)]
struct World {
    indexes: BTreeMap<String, Body>,
    aliases: BTreeMap<String, Vec<opensearch::Alias>>,
}

/// So many bytes of names go into one address: the server takes 4 KiB.
const ADDRESS: usize = 3_000;

/// Settings that an index has for life.
const FOR_LIFE: &[&str] = &[
    "index.number_of_shards",
    "index.number_of_routing_shards",
    "index.routing_partition_size",
    "index.codec",
    "index.sort.field",
    "index.sort.order",
    "index.knn",
];

fn schema() -> Value {
    let name = |kind: &str, description: &str| {
        json!({
            "description": format!("{description} Lower case; no wildcard, blank, comma, colon or slash; no dot, \
                `_`, `-` or `+` in front."),
            "type": "string", "minLength": 1, "maxLength": 255,
            "pattern": "^[^A-Z\\s*?,/\\\\<>|\"#%:._+-][^A-Z\\s*?,/\\\\<>|\"#%:]*$",
            "x-hyhost": { "name": format!("opensearch.{kind}") },
        })
    };
    json!({
        "description": "Indexes. What is not set stays as it is. Data is never moved or removed.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": name("index", "The index's name."),
                "alias": name("alias", "An alias that writes to it: the index is made in one step with it, as the \
                    first of those that rollovers will make. Once the alias is there, so is what the document wants."),
                "settings": { "description": "Settings, with or without `index.` in front.", "type": "object" },
                "mappings": { "description": "Mappings. Fields can be added; a field's type is for life.",
                    "type": "object" },
            },
        },
    })
}

fn plan(context: &Context, seen: &mut Seen<OpenSearch>, plan: &mut Plan) -> Result<(), Error> {
    let wanted = context.desired::<Document>()?.indexes;
    let prune = context.prune::<OpenSearch>("index");
    if wanted.is_empty() && prune.is_empty() {
        return Ok(());
    }
    let all = match prune.is_empty() {
        true => Some(Vec::new()),
        false => seen.read(&opensearch::ListIndexes {})?,
    };
    let world = match read(seen, &wanted) {
        Err(error) if is_about_the_kind(&error) && !wanted.is_empty() => {
            let refused = |index: &Index| Remark::new(id("index", [&index.name]), error.fault().message.as_str());
            plan.refused.extend(wanted.iter().map(refused));
            return Ok(());
        }
        other => other?,
    };
    let (Some(all), Some(world)) = (all, world) else { return Ok(()) };
    let before = before(context)?;
    for index in wanted {
        compare(&world, index, &before, plan)?;
    }
    for index in all.iter().filter(|index| !is_internal(&index.name) && prune.takes(&[&index.name])) {
        let with_data = prune.with_data(&[&index.name]);
        let payload = Payload::Remove { name: index.name.clone(), with_data };
        let change = Change::remove(id("index", [&index.name]));
        plan.changes.push(change.touch(touch::destroy(CAPABILITY, "index", [&index.name])).payload(&payload)?);
    }
    Ok(())
}

/// What shapes an index when it is made, so must be there before.
pub(crate) fn before(context: &Context) -> Result<Vec<String>, Error> {
    let mut ids = Vec::new();
    for (kind, field) in [
        ("component_template", "component_templates"),
        ("index_template", "index_templates"),
        ("ingest_pipeline", "ingest_pipelines"),
        ("ism_policy", "ism_policies"),
    ] {
        let objects = crate::shape::desired(context, field)?;
        ids.extend(objects.iter().map(|object| id(kind, [crate::shape::name(object)])));
    }
    Ok(ids)
}

/// Reads what the document speaks of; `None`: not yet.
fn read(seen: &mut Seen<OpenSearch>, wanted: &[Index]) -> Result<Option<World>, Error> {
    let aliases: BTreeSet<&String> = wanted.iter().filter_map(|index| index.alias.as_ref()).collect();
    // An index that is called like an alias is in its way.
    let names: BTreeSet<&String> = wanted.iter().map(|index| &index.name).chain(aliases.iter().copied()).collect();
    let mut world = Some(World::default());
    if !aliases.is_empty() {
        let names = aliases.iter().map(|name| (*name).clone()).collect();
        match (seen.read(&opensearch::ReadAliases { names: Some(names) })?, &mut world) {
            (Some(found), Some(world)) => {
                for alias in found {
                    world.aliases.entry(alias.name.clone()).or_default().push(alias);
                }
            }
            _ => world = None,
        }
    }
    // All are asked for before any is waited for.
    for names in portions(names) {
        match (seen.read(&opensearch::ReadIndexes { names })?, &mut world) {
            (Some(found), Some(world)) => {
                world.indexes.extend(found.into_iter().map(|index| (index.name, index.body)));
            }
            _ => world = None,
        }
    }
    Ok(world)
}

/// Names in portions that fit into an address. A byte may take three there.
fn portions(names: BTreeSet<&String>) -> Vec<Vec<String>> {
    let mut portions: Vec<Vec<String>> = Vec::new();
    let mut room = 0;
    for name in names {
        let takes = 3 * name.len() + 1;
        match portions.last_mut() {
            Some(last) if takes <= room => {
                last.push(name.clone());
                room -= takes;
            }
            _ => {
                portions.push(vec![name.clone()]);
                room = ADDRESS.saturating_sub(takes);
            }
        }
    }
    portions
}

fn compare(world: &World, index: Index, before: &[String], plan: &mut Plan) -> Result<(), Error> {
    let id = id("index", [&index.name]);
    let difference = match difference(world, &index) {
        Ok(difference) => difference,
        Err(reason) => {
            plan.refused.push(Remark::new(id, reason));
            return Ok(());
        }
    };
    plan.refused.extend(difference.refused.iter().map(|text| Remark::new(&id, text)));
    if difference.shown.is_empty() && !difference.create {
        return Ok(());
    }
    let mut change = if difference.create { Change::create(id) } else { Change::update(id) };
    change = change.touch(touch::write(CAPABILITY, "index", [&index.name])).differs(difference.shown);
    if let Some(alias) = &index.alias {
        change = change.touch(touch::write(CAPABILITY, "alias", [alias]));
    }
    for other in before {
        change = change.requires(other);
    }
    plan.changes.push(change.payload(&Payload::Make(index))?);
    Ok(())
}

/// What separates an index from what is desired.
#[derive(Default)]
struct Difference {
    create: bool,
    shown: Diff,
    settings: Body,
    mappings: Option<Body>,
    /// Whether the alias must be set.
    alias: bool,
    /// What no write can mend.
    refused: Vec<String>,
}

/// # Errors
/// Why nothing can be done.
fn difference(world: &World, index: &Index) -> Result<Difference, String> {
    let mut difference = Difference::default();
    let behind = index.alias.as_ref().and_then(|alias| world.aliases.get(alias)).map_or(&[][..], Vec::as_slice);
    if let Some(alias) = index.alias.as_ref().filter(|alias| world.indexes.contains_key(*alias)) {
        return Err(format!(
            "an index is called `{alias}`, so no alias can be; something has written there before the alias was made"
        ));
    }
    let settings = normal::settings(&json!(index.settings.clone().unwrap_or_default()));
    let mut mappings = json!(index.mappings.clone().unwrap_or_default());
    normal::mappings(&mut mappings);
    let Some(is) = world.indexes.get(&index.name) else {
        // Rolled over, and perhaps deleted since.
        difference.create = behind.is_empty();
        if difference.create {
            differences("settings", &Value::Null, &settings, &mut difference.shown);
            differences("mappings", &Value::Null, &mappings, &mut difference.shown);
            difference.shown.want("alias", Value::Null, index.alias.clone());
        }
        return Ok(difference);
    };
    let there = |field: &str| is.get(field).cloned().unwrap_or_default();
    let is_settings = normal::settings(&there("settings"));
    for (key, shall) in settings.as_object().into_iter().flatten() {
        let is = is_settings.get(key).unwrap_or(&Value::Null);
        if normal::fits(is, shall) {
            continue;
        }
        if FOR_LIFE.contains(&key.as_str()) {
            let is = if is.is_null() { "the server's default".to_owned() } else { normal::text(is) };
            let shall = normal::text(shall);
            difference.refused.push(format!(
                "its setting `{key}` is {is} for life and shall be {shall}: reindex into an index of another name"
            ));
            continue;
        }
        difference.shown.add(&format!("settings.{key}"), is.clone(), shall.clone());
        difference.settings.insert(key.clone(), shall.clone());
    }
    let is_mappings = there("mappings");
    let mut changed = Diff::default();
    differences("", &is_mappings, &mappings, &mut changed);
    if !changed.is_empty() {
        match retyped(&is_mappings, &mappings, "") {
            Some(reason) => difference.refused.push(reason),
            None => {
                differences("mappings", &is_mappings, &mappings, &mut difference.shown);
                difference.mappings = mappings.as_object().cloned();
            }
        }
    }
    // Without one that is said to, writes go to the only one.
    let written = match behind {
        [] => false,
        [one] => one.write != "false",
        many => many.iter().any(|one| one.write == "true"),
    };
    if index.alias.is_some() && !written {
        difference.shown.want("alias", Value::Null, index.alias.clone());
        difference.alias = true;
    }
    Ok(difference)
}

/// A field whose type would have to change.
fn retyped(is: &Value, shall: &Value, path: &str) -> Option<String> {
    for (field, shall) in shall["properties"].as_object()? {
        let Some(is) = is["properties"].get(field) else { continue };
        let path = if path.is_empty() { field.clone() } else { format!("{path}.{field}") };
        let kind = |of: &Value| of["type"].as_str().unwrap_or("object").to_owned();
        if kind(is) != kind(shall) {
            return Some(format!(
                "its field `{path}` is of type `{}` for life and shall be `{}`: reindex into an index of another name",
                kind(is),
                kind(shall)
            ));
        }
        if let Some(reason) = retyped(is, shall, &path) {
            return Some(reason);
        }
    }
    None
}

fn ensure(_: &Context, connection: &Connection<OpenSearch>, changes: &[Change]) -> Outcomes {
    let payloads: Vec<Result<Payload, Error>> = changes.iter().map(Change::read_payload).collect();
    let made = payloads.iter().flatten().filter_map(|payload| match payload {
        Payload::Make(index) => Some(index.clone()),
        Payload::Remove { .. } => None,
    });
    let made: Vec<Index> = made.collect();
    let world = match Seen::settle(connection, |seen| read(seen, &made)) {
        Ok(world) => world.unwrap_or_default(),
        Err(error) => return changes.iter().map(|_| Err(error.clone())).collect(),
    };
    let steps: Vec<Result<Vec<Call>, Error>> = payloads.into_iter().map(|payload| steps(&world, payload?)).collect();
    let longest = steps.iter().flatten().map(Vec::len).max().unwrap_or(0);
    let mut outcomes: Outcomes =
        steps.iter().map(|steps| steps.as_ref().map(|_| Outcome::Unchanged).map_err(Clone::clone)).collect();
    for number in 0..longest {
        let going = steps.iter().enumerate().filter(|(at, _)| outcomes[*at].is_ok());
        let (places, calls): (Vec<usize>, Vec<Call>) =
            going.filter_map(|(at, steps)| Some((at, steps.as_ref().ok()?.get(number)?.clone()))).unzip();
        for (at, answer) in places.into_iter().zip(connection.hand_over(&calls)) {
            outcomes[at] = answer.map(|_| Outcome::Done);
        }
    }
    outcomes
}

fn steps(world: &World, payload: Payload) -> Result<Vec<Call>, Error> {
    let index = match payload {
        Payload::Make(index) => index,
        Payload::Remove { name, with_data } => {
            return Ok(vec![opensearch::DeleteIndex { name, with_data: with_data.then_some(true) }.call()?]);
        }
    };
    let difference = difference(world, &index).map_err(Error::invalid)?;
    let Index { name, alias, settings, mappings } = index;
    if difference.create {
        return Ok(vec![opensearch::CreateIndex { name, alias, settings, mappings }.call()?]);
    }
    let mut steps = Vec::new();
    if !difference.settings.is_empty() {
        steps.push(opensearch::PutIndexSettings { name: name.clone(), settings: difference.settings }.call()?);
    }
    if let Some(mappings) = difference.mappings {
        steps.push(opensearch::PutIndexMappings { name: name.clone(), mappings }.call()?);
    }
    if let Some(alias) = alias.filter(|_| difference.alias) {
        steps.push(opensearch::PutAlias { index: name, name: alias, write: true }.call()?);
    }
    Ok(steps)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(value: Value) -> Index {
        serde_json::from_value(value).unwrap()
    }

    fn world(indexes: Value, aliases: &[(&str, &str, &str)]) -> World {
        let mut world = World { indexes: serde_json::from_value(indexes).unwrap(), ..World::default() };
        for (name, index, write) in aliases {
            let (name, index, write) = ((*name).to_owned(), (*index).to_owned(), (*write).to_owned());
            world.aliases.entry(name.clone()).or_default().push(opensearch::Alias { name, index, write });
        }
        world
    }

    #[test]
    fn an_alias_that_is_there_is_all_that_a_first_index_is_for() {
        let first = index(json!({ "name": "logs-1", "alias": "logs" }));
        assert!(difference(&world(json!({}), &[]), &first).unwrap().create);
        let rolled = world(json!({}), &[("logs", "logs-2", "true")]);
        assert!(!difference(&rolled, &first).unwrap().create);
        let behind = world(json!({ "logs-1": {} }), &[("logs", "logs-1", "false"), ("logs", "logs-2", "true")]);
        assert!(difference(&behind, &first).unwrap().shown.is_empty());
        for lost in [&[][..], &[("logs", "logs-1", "false")], &[("logs", "logs-1", "-"), ("logs", "logs-2", "-")]] {
            assert!(difference(&world(json!({ "logs-1": {} }), lost), &first).unwrap().alias, "{lost:?}");
        }
        assert!(difference(&world(json!({ "logs": {} }), &[]), &first).is_err());
    }

    #[test]
    fn what_is_for_life_is_refused_and_the_rest_is_done() {
        let is = json!({ "a": { "settings": { "index.number_of_shards": "1", "index.number_of_replicas": "1" },
            "mappings": { "properties": { "t": { "type": "keyword" } } } } });
        let wanted = index(json!({ "name": "a", "settings": { "number_of_shards": 2, "number_of_replicas": 0 },
            "mappings": { "properties": { "t": { "type": "text" } } } }));
        let found = difference(&world(is.clone(), &[]), &wanted).unwrap();
        assert_eq!(found.refused.len(), 2, "{:?}", found.refused);
        assert!(
            found.shown.has("settings.index.number_of_replicas") && !found.shown.has("settings.index.number_of_shards")
        );
        let more = index(json!({ "name": "a", "mappings": { "properties": { "u": { "type": "text" } } } }));
        let found = difference(&world(is, &[]), &more).unwrap();
        assert!(found.refused.is_empty() && found.mappings.is_some());
    }

    #[test]
    fn names_go_in_portions_that_fit_into_an_address() {
        let names: Vec<String> = (0..100).map(|i| format!("{i:0100}")).collect();
        let portions = portions(names.iter().collect());
        assert_eq!(portions.iter().map(Vec::len).sum::<usize>(), 100);
        assert!(portions.iter().all(|portion| portion.iter().map(|name| name.len() + 1).sum::<usize>() < ADDRESS));
    }
}
