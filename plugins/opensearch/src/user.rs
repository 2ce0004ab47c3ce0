//! Internal users and tenants.

use hyhost_sdk::opensearch::{self, OpenSearch};
use hyhost_sdk::{Kind, SecretName, id};
use serde_json::{Value, json};

use crate::security::{self, List, Security, fields, names_schema, no_password};
use crate::template::name_schema;

/// Internal users.
pub(crate) const USER: Kind<OpenSearch> = Kind {
    name: "user",
    field: "users",
    schema: user_schema,
    plan: |context, seen, plan| security::plan(&USERS, context, seen, plan),
    ensure: |context, connection, changes| security::ensure(&USERS, context, connection, changes),
};

/// Tenants.
pub(crate) const TENANT: Kind<OpenSearch> = Kind {
    name: "tenant",
    field: "tenants",
    schema: tenant_schema,
    plan: |context, seen, plan| security::plan(&TENANTS, context, seen, plan),
    ensure: |context, connection, changes| security::ensure(&TENANTS, context, connection, changes),
};

const USERS: Security = Security {
    kind: "user",
    field: "users",
    read: |seen, names| seen.read(&opensearch::ReadUsers { names })?.map(fields).transpose(),
    put: "PutUser",
    alter: "AlterUser",
    set: "SetUser",
    delete: "DeleteUser",
    lists: &[
        List { field: "backend_roles", add: "AddUserBackendRoles", refers: ("member", "") },
        List { field: "security_roles", add: "AddUserSecurityRoles", refers: ("role", "") },
    ],
    values: &["description", "attributes"],
    requires: |user| {
        let roles = user.get("security_roles").and_then(Value::as_array).into_iter().flatten();
        roles.filter_map(Value::as_str).map(|role| id("role", [role])).collect()
    },
    proof: |seen, user| {
        let Some(secret) = user.get("password").and_then(Value::as_str) else { return Ok(None) };
        let user = crate::shape::name(user);
        seen.read(&opensearch::PasswordMatches { user, password: SecretName::new(secret) })
    },
};

const TENANTS: Security = Security {
    kind: "tenant",
    field: "tenants",
    read: |seen, names| seen.read(&opensearch::ReadTenants { names })?.map(fields).transpose(),
    put: "PutTenant",
    alter: "PutTenant",
    set: "PutTenant",
    delete: "DeleteTenant",
    lists: &[],
    values: &["description"],
    requires: |_| Vec::new(),
    proof: no_password,
};

fn user_schema() -> Value {
    json!({
        "description": "Internal users. Roles beyond the document stay and are shown as extra.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": name_schema("user", "The user's name."),
                "password": { "description": "The name of the secret that is its password. Whether it is, is seen by \
                    logging in.", "type": "string", "x-hyhost": { "secret": "opensearch.password" } },
                "description": { "type": "string" },
                "backend_roles": names_schema("Roles that mappings look at.", "member"),
                "security_roles": names_schema("Roles that it has without a mapping.", "role"),
                "attributes": { "description": "Attributes, for queries of roles. Others stay.", "type": "object",
                    "additionalProperties": { "type": "string" } },
            },
        },
    })
}

fn tenant_schema() -> Value {
    json!({
        "description": "Tenants of dashboards.",
        "type": "array",
        "items": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": false,
            "properties": {
                "name": name_schema("tenant", "The tenant's name."),
                "description": { "type": "string" },
            },
        },
    })
}
