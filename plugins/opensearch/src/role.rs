//! Roles and their mappings: what may be done, and by whom.

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{Kind, id};
use serde_json::{Value, json};

use crate::security::{self, List, Security, fields, names_schema, no_password};
use crate::template::{name_schema, patterns_schema};

/// Roles.
pub(crate) const ROLE: Kind<OpenSearch> = Kind {
    name: "role",
    field: "roles",
    schema: role_schema,
    plan: |context, seen, plan| security::plan(&ROLES, context, seen, plan),
    ensure: |context, connection, changes| security::ensure(&ROLES, context, connection, changes),
};

/// Who has a role.
pub(crate) const MAPPING: Kind<OpenSearch> = Kind {
    name: "role_mapping",
    field: "role_mappings",
    schema: mapping_schema,
    plan: |context, seen, plan| security::plan(&MAPPINGS, context, seen, plan),
    ensure: |context, connection, changes| security::ensure(&MAPPINGS, context, connection, changes),
};

const ROLES: Security = Security {
    kind: "role",
    field: "roles",
    read: |seen, names| seen.read(&opensearch::ReadRoles { names })?.map(fields).transpose(),
    put: "PutRole",
    alter: "AlterRole",
    set: "SetRole",
    delete: "DeleteRole",
    lists: &[
        List { field: "cluster_permissions", add: "AddClusterPermissions", refers: ("cluster_permission", "") },
        List { field: "index_permissions", add: "AddIndexPermissions", refers: ("index_pattern", "index_patterns") },
        List {
            field: "tenant_permissions",
            add: "AddTenantPermissions",
            refers: ("tenant_pattern", "tenant_patterns"),
        },
    ],
    values: &["description"],
    requires: |_| Vec::new(),
    proof: no_password,
};

const MAPPINGS: Security = Security {
    kind: "role_mapping",
    field: "role_mappings",
    read: |seen, names| seen.read(&opensearch::ReadRoleMappings { names })?.map(fields).transpose(),
    put: "PutRoleMapping",
    alter: "AlterRoleMapping",
    set: "SetRoleMapping",
    delete: "DeleteRoleMapping",
    lists: &[
        List { field: "users", add: "AddMappedUsers", refers: ("member", "") },
        List { field: "backend_roles", add: "AddMappedBackendRoles", refers: ("member", "") },
        List { field: "hosts", add: "AddMappedHosts", refers: ("member", "") },
    ],
    values: &["and_backend_roles"],
    requires: |mapping| vec![id("role", [crate::shape::name(mapping)])],
    proof: no_password,
};

fn role_schema() -> Value {
    let texts =
        |description: &str| json!({ "description": description, "type": "array", "items": { "type": "string" } });
    json!({
        "description": "Roles of the security plugin. Permissions beyond the document stay and are shown as extra.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": name_schema("role", "The role's name."),
                "description": { "type": "string" },
                "cluster_permissions": names_schema("Actions and action groups on the cluster.", "cluster_permission"),
                "index_permissions": {
                    "description": "What is allowed on indexes.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["index_patterns", "allowed_actions"],
                        "additionalProperties": false,
                        "properties": {
                            "index_patterns": patterns_schema(),
                            "allowed_actions": texts("Actions and action groups."),
                            "dls": { "description": "A query, as text, that documents must fit.", "type": "string" },
                            "fls": texts("The fields that are seen, or with `~` those that are not."),
                            "masked_fields": texts("Fields whose values are masked."),
                        },
                    },
                },
                "tenant_permissions": {
                    "description": "What is allowed in tenants.",
                    "type": "array",
                    "items": {
                        "type": "object",
                        "required": ["tenant_patterns", "allowed_actions"],
                        "additionalProperties": false,
                        "properties": {
                            "tenant_patterns": names_schema("Patterns of tenants' names.", "tenant_pattern"),
                            "allowed_actions": texts("`kibana_all_read` or `kibana_all_write`."),
                        },
                    },
                },
            },
        },
    })
}

fn mapping_schema() -> Value {
    json!({
        "description": "Who has a role. Whoever has it beyond the document keeps it and is shown as extra.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": name_schema("role_mapping", "The role's name."),
                "users": names_schema("Users.", "member"),
                "backend_roles": names_schema("Roles that a login brings along; one of them is enough.", "member"),
                "hosts": names_schema("Hosts or addresses that requests come from.", "member"),
                "and_backend_roles": names_schema("Roles that a login must bring along, all of them. This list is \
                    one value: it takes the place of the one that is there.", "member"),
            },
        },
    })
}
