// Written by `cargo xtask generate` from host/table/src/sql.yaml.

use serde::{Deserialize, Serialize};

use super::Sql;
use crate::{Operation, SecretName};

/// The server's version, and whether it can be written to.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadServer {}

impl Operation for ReadServer {
    type Capability = Sql;
    type Output = Server;
    const NAME: &'static str = "ReadServer";
}

/// Roles with their attributes, settings and memberships. Never a password.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadRoles {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadRoles {
    type Capability = Sql;
    type Output = Vec<Role>;
    const NAME: &'static str = "ReadRoles";
}

/// Whether a role's stored SCRAM verifier belongs to this secret. The host reads the verifier and computes; `null` where the account of the connection may not read it.
///
/// Touches: read role `[role]` (needs a grant to write).
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PasswordMatches {
    pub password: SecretName,
    pub role: String,
}

impl Operation for PasswordMatches {
    type Capability = Sql;
    type Output = Option<bool>;
    const NAME: &'static str = "PasswordMatches";
}

/// Databases with owner, encoding and privileges.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadDatabases {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadDatabases {
    type Capability = Sql;
    type Output = Vec<Database>;
    const NAME: &'static str = "ReadDatabases";
}

/// The schemas of a database with owner and privileges; `null` where the database is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadSchemas {
    pub database: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadSchemas {
    type Capability = Sql;
    type Output = Option<Vec<Schema>>;
    const NAME: &'static str = "ReadSchemas";
}

/// Tables, views, materialised views and partitioned tables of schemas with owner and privileges; `null` where the database is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadTables {
    pub database: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Vec<String>>,
}

impl Operation for ReadTables {
    type Capability = Sql;
    type Output = Option<Vec<Table>>;
    const NAME: &'static str = "ReadTables";
}

/// The rows of the migrations' history, read by a session that logged in as the role; `null` where the database or the history is not there. A history with triggers, rules or another owner is refused.
///
/// Touches: read role `[as]` (needs a grant to use).
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadMigrations {
    /// Absent: the connection's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#as: Option<String>,
    pub database: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretName>,
}

impl Operation for ReadMigrations {
    type Capability = Sql;
    type Output = Option<Vec<Migration>>;
    const NAME: &'static str = "ReadMigrations";
}

/// Makes a role.
///
/// Touches: write role `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateRole {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bypassrls: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub createdb: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub createrole: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<bool>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superuser: Option<bool>,
}

impl Operation for CreateRole {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "CreateRole";
}

/// Changes attributes or the password of a role. What is not named stays.
///
/// Touches: write role `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlterRole {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bypassrls: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub createdb: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub createrole: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub login: Option<bool>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretName>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub replication: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub superuser: Option<bool>,
}

impl Operation for AlterRole {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "AlterRole";
}

/// Sets a configuration parameter for a role's sessions, in all databases.
///
/// Touches: write role `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SetRoleSetting {
    pub name: String,
    pub setting: String,
    pub value: String,
}

impl Operation for SetRoleSetting {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "SetRoleSetting";
}

/// Makes a role a member of another.
///
/// Touches: use role `[role]`; write role `[member]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantMembership {
    pub member: String,
    pub role: String,
}

impl Operation for GrantMembership {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantMembership";
}

/// Makes a database.
///
/// Touches: write database `[name]`; use database `[template]`; use role `[owner]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateDatabase {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub template: Option<String>,
}

impl Operation for CreateDatabase {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "CreateDatabase";
}

/// Gives a database to another owner.
///
/// Touches: write database `[name]`; use role `[owner]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlterDatabaseOwner {
    pub name: String,
    pub owner: String,
}

impl Operation for AlterDatabaseOwner {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "AlterDatabaseOwner";
}

/// Grants privileges on a database.
///
/// Touches: write database `[database]`; use role `[role]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantOnDatabase {
    pub database: String,
    /// Each one of `CREATE`, `CONNECT`, `TEMPORARY`.
    pub privileges: Vec<String>,
    /// `public` is everybody.
    pub role: String,
}

impl Operation for GrantOnDatabase {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantOnDatabase";
}

/// Makes a schema.
///
/// Touches: write schema `[database, name]`; use role `[owner]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateSchema {
    pub database: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

impl Operation for CreateSchema {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "CreateSchema";
}

/// Gives a schema to another owner.
///
/// Touches: write schema `[database, name]`; use role `[owner]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlterSchemaOwner {
    pub database: String,
    pub name: String,
    pub owner: String,
}

impl Operation for AlterSchemaOwner {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "AlterSchemaOwner";
}

/// Grants privileges on a schema.
///
/// Touches: write schema `[database, schema]`; use role `[role]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantOnSchema {
    pub database: String,
    /// Each one of `CREATE`, `USAGE`.
    pub privileges: Vec<String>,
    /// `public` is everybody.
    pub role: String,
    pub schema: String,
}

impl Operation for GrantOnSchema {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantOnSchema";
}

/// Grants privileges on a table or view.
///
/// Touches: write table `[database, schema, table]`; use role `[role]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantOnTable {
    pub database: String,
    /// Each one of `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `REFERENCES`, `TRIGGER`.
    pub privileges: Vec<String>,
    /// `public` is everybody.
    pub role: String,
    pub schema: String,
    pub table: String,
}

impl Operation for GrantOnTable {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantOnTable";
}

/// Runs a file of the document in a session that logged in as the role, and writes its row of the history in the same transaction. Runs one at a time per database, over all copies of hyhost.
///
/// Touches: write script `[database]`; use role `[as]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RunScript {
    /// Absent: the connection's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#as: Option<String>,
    pub database: String,
    pub digest: String,
    pub directory: String,
    pub file: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretName>,
}

impl Operation for RunScript {
    type Capability = Sql;
    type Output = Option<String>;
    const NAME: &'static str = "RunScript";
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Database {
    pub encoding: String,
    pub name: String,
    pub owner: String,
    pub privileges: Vec<Privilege>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// sha256:…
    pub digest: String,
    pub file: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Privilege {
    /// The server gives it to a new object by itself.
    pub builtin: bool,
    /// A role; `public` is everybody.
    pub grantee: String,
    /// Upper case, such as SELECT.
    pub privilege: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Role {
    pub bypassrls: bool,
    /// -1: no limit.
    pub connection_limit: i64,
    pub createdb: bool,
    pub createrole: bool,
    pub login: bool,
    pub member_of: Vec<String>,
    pub name: String,
    pub replication: bool,
    /// For all databases.
    pub settings: std::collections::BTreeMap<String, String>,
    pub superuser: bool,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    pub name: String,
    pub owner: String,
    pub privileges: Vec<Privilege>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Server {
    pub in_recovery: bool,
    pub superuser: bool,
    /// The account of the connection.
    pub user: String,
    /// server_version_num, such as 180006.
    pub version: i64,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Table {
    pub name: String,
    pub owner: String,
    pub privileges: Vec<Privilege>,
    pub schema: String,
}
