//! Component templates and index templates.

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{Context, Error, Kind, Operation, Plan, Seen, Touch, id, touch};
use serde_json::{Value, json};

use crate::normal;
use crate::shape::{self, CAPABILITY, Shape, There};

/// Index templates.
pub(crate) const INDEX: Kind<OpenSearch> = Kind {
    name: "index_template",
    field: "index_templates",
    schema: index_schema,
    plan: |context, seen, plan| shape::plan(&INDEX_TEMPLATE, context, seen, plan),
    ensure: |_, connection, changes| shape::ensure(&INDEX_TEMPLATE, connection, changes),
};

/// Component templates.
pub(crate) const COMPONENT: Kind<OpenSearch> = Kind {
    name: "component_template",
    field: "component_templates",
    schema: component_schema,
    plan: |context, seen, plan| shape::plan(&COMPONENT_TEMPLATE, context, seen, plan),
    ensure: |_, connection, changes| shape::ensure(&COMPONENT_TEMPLATE, connection, changes),
};

/// What is called a template but is the kind that came before.
pub(crate) const LEGACY: Kind<OpenSearch> = Kind {
    name: "legacy_template",
    field: "templates",
    schema: || {
        json!({ "description": "Not here: legacy templates.", "x-hyhost": { "refuse": "legacy templates \
            (`_template`) are deprecated and lose against every index template: write it under `index_templates`, \
            with `settings`, `mappings` and `aliases` below `body.template` and `order` as `priority`" } })
    },
    plan: nothing,
    ensure: |_, _, _| Vec::new(),
};

fn nothing(_: &Context, _: &mut Seen<OpenSearch>, _: &mut Plan) -> Result<(), Error> {
    Ok(())
}

const INDEX_TEMPLATE: Shape = Shape {
    kind: "index_template",
    field: "index_templates",
    read: |seen, names| Ok(seen.read(&opensearch::ReadIndexTemplates { names })?.map(there)),
    body: |object| object.get("body").cloned().unwrap_or_default(),
    normal: |body| {
        normal::sorted(body.get_mut("index_patterns"));
        body.get_mut("template").map(normal::template);
    },
    put: |name, body, _| opensearch::PutIndexTemplate { name, body }.call(),
    delete: |name| opensearch::DeleteIndexTemplate { name }.call(),
    refers: |body| patterns(&body["index_patterns"]),
    requires: |body| {
        let parts = body["composed_of"].as_array().into_iter().flatten().filter_map(Value::as_str);
        parts.map(|part| id("component_template", [part])).collect()
    },
    loses: |_, _| false,
    needed_by: Some("data_stream"),
};

const COMPONENT_TEMPLATE: Shape = Shape {
    kind: "component_template",
    field: "component_templates",
    read: |seen, names| Ok(seen.read(&opensearch::ReadComponentTemplates { names })?.map(there)),
    body: |object| object.get("body").cloned().unwrap_or_default(),
    normal: |body| {
        body.get_mut("template").map(normal::template);
    },
    put: |name, body, _| opensearch::PutComponentTemplate { name, body }.call(),
    delete: |name| opensearch::DeleteComponentTemplate { name }.call(),
    refers: |_| Vec::new(),
    requires: |_| Vec::new(),
    loses: |_, _| false,
    needed_by: Some("index_template"),
};

fn there(objects: Vec<opensearch::Object>) -> Vec<There> {
    objects.into_iter().map(There::from).collect()
}

/// Patterns that somebody else's indexes may fit are referred to.
pub(crate) fn patterns(list: &Value) -> Vec<Touch> {
    let patterns = list.as_array().into_iter().flatten().filter_map(Value::as_str);
    patterns.map(|pattern| touch::refer(CAPABILITY, "index_pattern", [pattern])).collect()
}

/// Patterns of the document, which are names to the host.
pub(crate) fn patterns_schema() -> Value {
    json!({ "description": "Patterns of indexes' names.", "type": "array", "minItems": 1, "items": {
        "type": "string", "minLength": 1, "x-hyhost": { "name": "opensearch.index_pattern", "verb": "use" } } })
}

fn index_schema() -> Value {
    json!({
        "description": "Composable index templates. What the body does not set stays as it is.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "body"],
            "additionalProperties": false,
            "properties": {
                "name": name_schema("index_template", "The template's name."),
                "body": {
                    "description": "As the API takes it: `index_patterns`, `template`, `composed_of`, `priority`, \
                        `data_stream`, `version`, `_meta`.",
                    "type": "object",
                    "required": ["index_patterns"],
                    "properties": {
                        "index_patterns": patterns_schema(),
                        "template": template_schema(),
                        "composed_of": { "description": "Component templates, the later over the earlier.",
                            "type": "array", "items": { "type": "string" } },
                        "priority": { "description": "The highest wins.", "type": "integer", "minimum": 0 },
                    },
                },
            },
        },
    })
}

fn component_schema() -> Value {
    json!({
        "description": "Component templates: parts that index templates are composed of. What the body does not set \
            stays as it is.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name", "body"],
            "additionalProperties": false,
            "properties": {
                "name": name_schema("component_template", "The template's name."),
                "body": {
                    "description": "As the API takes it: `template`, `version`, `_meta`.",
                    "type": "object",
                    "required": ["template"],
                    "properties": { "template": template_schema() },
                },
            },
        },
    })
}

fn template_schema() -> Value {
    json!({
        "description": "What indexes get.",
        "type": "object",
        "properties": {
            "settings": { "description": "Settings, with or without `index.` in front.", "type": "object" },
            "mappings": { "description": "Mappings of fields.", "type": "object" },
            "aliases": { "description": "Aliases.", "type": "object" },
        },
    })
}

/// A name of the document that declares an object of this kind.
pub(crate) fn name_schema(kind: &str, description: &str) -> Value {
    json!({
        "description": format!("{description} No wildcard, blank, comma or slash; no dot, `_`, `-` or `+` in front."),
        "type": "string",
        "minLength": 1,
        "maxLength": 255,
        "pattern": "^[^\\s*?,/\\\\<>|\"#%:._+-][^\\s*?,/\\\\<>|\"#%]*$",
        "x-hyhost": { "name": format!("opensearch.{kind}") },
    })
}
