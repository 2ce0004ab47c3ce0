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

/// Whether a role's stored verifier is this one, which is a secret. The host compares; `null` where the account of the connection may not read it.
///
/// Touches: read role `[role]` (needs a grant to write).
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct VerifierMatches {
    pub role: String,
    pub verifier: SecretName,
}

impl Operation for VerifierMatches {
    type Capability = Sql;
    type Output = Option<bool>;
    const NAME: &'static str = "VerifierMatches";
}

/// Why roles cannot be dropped, by role and database, without the memberships, which go with a role.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadRoleUses {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadRoleUses {
    type Capability = Sql;
    type Output = Vec<RoleUse>;
    const NAME: &'static str = "ReadRoleUses";
}

/// Databases with owner, encoding, locale, limits and privileges.
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

/// Sequences of schemas with owner and privileges; `null` where the database is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadSequences {
    pub database: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Vec<String>>,
}

impl Operation for ReadSequences {
    type Capability = Sql;
    type Output = Option<Vec<Sequence>>;
    const NAME: &'static str = "ReadSequences";
}

/// Functions, procedures and aggregates of schemas with owner and privileges, their name with the types of the arguments, such as `f(integer, text)`; `null` where the database is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadFunctions {
    pub database: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Vec<String>>,
}

impl Operation for ReadFunctions {
    type Capability = Sql;
    type Output = Option<Vec<Function>>;
    const NAME: &'static str = "ReadFunctions";
}

/// The privileges that objects will have which roles make in a database, where they are not the server's own choice; `null` where the database is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadDefaultPrivileges {
    pub database: String,
}

impl Operation for ReadDefaultPrivileges {
    type Capability = Sql;
    type Output = Option<Vec<DefaultPrivilege>>;
    const NAME: &'static str = "ReadDefaultPrivileges";
}

/// The extensions of a database; `null` where it is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadExtensions {
    pub database: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadExtensions {
    type Capability = Sql;
    type Output = Option<Vec<Extension>>;
    const NAME: &'static str = "ReadExtensions";
}

/// Extensions that the server could make, each with the version that it would take by itself.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadAvailableExtensions {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadAvailableExtensions {
    type Capability = Sql;
    type Output = Vec<AvailableExtension>;
    const NAME: &'static str = "ReadAvailableExtensions";
}

/// What a database holds beyond what the server and extensions made, by schema, one of them as an example; empty: nothing is lost with it. `null` where it is not there.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadContents {
    pub database: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schemas: Option<Vec<String>>,
}

impl Operation for ReadContents {
    type Capability = Sql;
    type Output = Option<Vec<Content>>;
    const NAME: &'static str = "ReadContents";
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

/// The digest of a file of the document without comments and needless white space: what `ReadMigrations` calls `normal`. `null` where it cannot be said.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadScriptDigest {
    pub digest: String,
    pub directory: String,
    pub file: String,
}

impl Operation for ReadScriptDigest {
    type Capability = Sql;
    type Output = Option<String>;
    const NAME: &'static str = "ReadScriptDigest";
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
    /// Until when its password works, with a time zone; or infinity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// A ready SCRAM-SHA-256 verifier in place of the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier: Option<SecretName>,
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
    /// Until when its password works, with a time zone; or infinity.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub valid_until: Option<String>,
    /// A ready SCRAM-SHA-256 verifier in place of the password.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub verifier: Option<SecretName>,
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

/// Sets the comment of a role; an empty one takes it away.
///
/// Touches: write role `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CommentOnRole {
    pub comment: String,
    pub name: String,
}

impl Operation for CommentOnRole {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "CommentOnRole";
}

/// Makes a role a member of another, or a member one that may grant it on.
///
/// Touches: use role `[role]`; write role `[member]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantMembership {
    /// Whether the member may grant it on; false takes nothing away.
    pub admin: bool,
    pub member: String,
    pub role: String,
}

impl Operation for GrantMembership {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantMembership";
}

/// The same with what the member does by it, from PostgreSQL 16 on. Sets `admin` either way.
///
/// Touches: use role `[role]`; write role `[member]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantMembershipWith {
    /// Whether the member may grant it on; false takes nothing away.
    pub admin: bool,
    /// Whether it has the role's privileges without SET ROLE.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inherit: Option<bool>,
    pub member: String,
    pub role: String,
    /// Whether it may SET ROLE to it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub set: Option<bool>,
}

impl Operation for GrantMembershipWith {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantMembershipWith";
}

/// Takes a membership away, or only the right to grant it on.
///
/// Touches: write role `[member]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RevokeMembership {
    /// Whether the member stays one.
    pub admin_only: bool,
    /// Who granted it; from PostgreSQL 16 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grantor: Option<String>,
    pub member: String,
    pub role: String,
}

impl Operation for RevokeMembership {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "RevokeMembership";
}

/// Takes the setting of a configuration parameter away from a role.
///
/// Touches: write role `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ResetRoleSetting {
    pub name: String,
    pub setting: String,
}

impl Operation for ResetRoleSetting {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "ResetRoleSetting";
}

/// Removes a role. One that owns something or has privileges stays, and the answer says where.
///
/// Touches: destroy role `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DropRole {
    pub name: String,
}

impl Operation for DropRole {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "DropRole";
}

/// Makes a database.
///
/// Touches: write database `[name]`; use database `[template]`; use role `[owner]`; use tablespace `[tablespace]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateDatabase {
    /// For the provider builtin, from PostgreSQL 17 on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub builtin_locale: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub collate: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub connection_limit: Option<i64>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ctype: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub encoding: Option<String>,
    /// For the provider icu.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub icu_locale: Option<String>,
    /// That of the operating system.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale: Option<String>,
    /// One of `libc`, `icu`, `builtin`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub locale_provider: Option<String>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tablespace: Option<String>,
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

/// Sets how many sessions a database may have at a time; -1 for no limit.
///
/// Touches: write database `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlterDatabaseConnectionLimit {
    pub connection_limit: i64,
    pub name: String,
}

impl Operation for AlterDatabaseConnectionLimit {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "AlterDatabaseConnectionLimit";
}

/// Moves a database to another tablespace. Nobody may have a session in it meanwhile.
///
/// Touches: write database `[name]`; use tablespace `[tablespace]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlterDatabaseTablespace {
    pub name: String,
    pub tablespace: String,
}

impl Operation for AlterDatabaseTablespace {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "AlterDatabaseTablespace";
}

/// Sets the comment of a database; an empty one takes it away.
///
/// Touches: write database `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CommentOnDatabase {
    pub comment: String,
    pub name: String,
}

impl Operation for CommentOnDatabase {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "CommentOnDatabase";
}

/// Grants privileges on a database.
///
/// Touches: write database `[database]`; use role `[roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantOnDatabase {
    pub database: String,
    /// Whether they may grant them on; false takes nothing away.
    pub grant_option: bool,
    /// Each one of `CREATE`, `CONNECT`, `TEMPORARY`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
}

impl Operation for GrantOnDatabase {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantOnDatabase";
}

/// Takes privileges on a database away, or only the right to grant them on.
///
/// Touches: write database `[database]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RevokeOnDatabase {
    pub database: String,
    /// Whether they keep the privileges.
    pub option_only: bool,
    /// Each one of `CREATE`, `CONNECT`, `TEMPORARY`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
}

impl Operation for RevokeOnDatabase {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "RevokeOnDatabase";
}

/// Removes a database. One that holds something of users stays, unless `with_data` is true.
///
/// Touches: destroy database `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DropDatabase {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_data: Option<bool>,
}

impl Operation for DropDatabase {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "DropDatabase";
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

/// Sets the comment of a schema; an empty one takes it away.
///
/// Touches: write schema `[database, name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CommentOnSchema {
    pub comment: String,
    pub database: String,
    pub name: String,
}

impl Operation for CommentOnSchema {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "CommentOnSchema";
}

/// Grants privileges on a schema.
///
/// Touches: write schema `[database, schema]`; use role `[roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantOnSchema {
    pub database: String,
    pub grant_option: bool,
    /// Each one of `CREATE`, `USAGE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
}

impl Operation for GrantOnSchema {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantOnSchema";
}

/// Takes privileges on a schema away, or only the right to grant them on.
///
/// Touches: write schema `[database, schema]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RevokeOnSchema {
    pub database: String,
    /// Whether they keep the privileges.
    pub option_only: bool,
    /// Each one of `CREATE`, `USAGE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
}

impl Operation for RevokeOnSchema {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "RevokeOnSchema";
}

/// Removes a schema. One that holds something stays, unless `with_data` is true: then all that is in it goes, and what needs that.
///
/// Touches: destroy schema `[database, name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DropSchema {
    pub database: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_data: Option<bool>,
}

impl Operation for DropSchema {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "DropSchema";
}

/// Grants privileges on a table or view. MAINTAIN is known from PostgreSQL 17 on.
///
/// Touches: write table `[database, schema, table]`; use role `[roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantOnTable {
    pub database: String,
    pub grant_option: bool,
    /// Each one of `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `REFERENCES`, `TRIGGER`, `MAINTAIN`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
    pub table: String,
}

impl Operation for GrantOnTable {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantOnTable";
}

/// Takes privileges on a table away, or only the right to grant them on.
///
/// Touches: write table `[database, schema, table]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RevokeOnTable {
    pub database: String,
    /// Whether they keep the privileges.
    pub option_only: bool,
    /// Each one of `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `REFERENCES`, `TRIGGER`, `MAINTAIN`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
    pub table: String,
}

impl Operation for RevokeOnTable {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "RevokeOnTable";
}

/// Grants privileges on a sequence.
///
/// Touches: write sequence `[database, schema, sequence]`; use role `[roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantOnSequence {
    pub database: String,
    pub grant_option: bool,
    /// Each one of `USAGE`, `SELECT`, `UPDATE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
    pub sequence: String,
}

impl Operation for GrantOnSequence {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantOnSequence";
}

/// Takes privileges on a sequence away, or only the right to grant them on.
///
/// Touches: write sequence `[database, schema, sequence]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RevokeOnSequence {
    pub database: String,
    /// Whether they keep the privileges.
    pub option_only: bool,
    /// Each one of `USAGE`, `SELECT`, `UPDATE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
    pub sequence: String,
}

impl Operation for RevokeOnSequence {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "RevokeOnSequence";
}

/// Grants EXECUTE on a function, procedure or aggregate: its name with the types of its arguments, such as `f(integer, text)`; the name alone where no other one has it.
///
/// Touches: write function `[database, schema, function]`; use role `[roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantOnFunction {
    pub database: String,
    pub function: String,
    pub grant_option: bool,
    /// Each one of `EXECUTE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
}

impl Operation for GrantOnFunction {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantOnFunction";
}

/// Takes privileges on a function away, or only the right to grant them on.
///
/// Touches: write function `[database, schema, function]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RevokeOnFunction {
    pub database: String,
    pub function: String,
    /// Whether they keep the privileges.
    pub option_only: bool,
    /// Each one of `EXECUTE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
}

impl Operation for RevokeOnFunction {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "RevokeOnFunction";
}

/// Says what privileges the objects get that a role will make in any schema of a database.
///
/// Touches: use database `[database]`; write role `[owner]`; use role `[roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantDefaultPrivileges {
    pub database: String,
    pub grant_option: bool,
    /// One of `TABLES`, `SEQUENCES`, `FUNCTIONS`, `TYPES`, `SCHEMAS`.
    pub objects: String,
    /// The role that makes the objects.
    pub owner: String,
    /// Each one of `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `REFERENCES`, `TRIGGER`, `MAINTAIN`, `USAGE`, `EXECUTE`, `CREATE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
}

impl Operation for GrantDefaultPrivileges {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantDefaultPrivileges";
}

/// The same for what it will make in one schema.
///
/// Touches: use schema `[database, schema]`; write role `[owner]`; use role `[roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct GrantDefaultPrivilegesInSchema {
    pub database: String,
    pub grant_option: bool,
    /// One of `TABLES`, `SEQUENCES`, `FUNCTIONS`, `TYPES`.
    pub objects: String,
    /// The role that makes the objects.
    pub owner: String,
    /// Each one of `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `REFERENCES`, `TRIGGER`, `MAINTAIN`, `USAGE`, `EXECUTE`, `CREATE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
}

impl Operation for GrantDefaultPrivilegesInSchema {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "GrantDefaultPrivilegesInSchema";
}

/// Takes privileges away from what the objects get that a role will make in any schema of a database.
///
/// Touches: use database `[database]`; write role `[owner]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RevokeDefaultPrivileges {
    pub database: String,
    /// One of `TABLES`, `SEQUENCES`, `FUNCTIONS`, `TYPES`, `SCHEMAS`.
    pub objects: String,
    pub option_only: bool,
    /// The role that makes the objects.
    pub owner: String,
    /// Each one of `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `REFERENCES`, `TRIGGER`, `MAINTAIN`, `USAGE`, `EXECUTE`, `CREATE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
}

impl Operation for RevokeDefaultPrivileges {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "RevokeDefaultPrivileges";
}

/// The same for what it will make in one schema.
///
/// Touches: use schema `[database, schema]`; write role `[owner]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RevokeDefaultPrivilegesInSchema {
    pub database: String,
    /// One of `TABLES`, `SEQUENCES`, `FUNCTIONS`, `TYPES`, `SCHEMAS`.
    pub objects: String,
    pub option_only: bool,
    /// The role that makes the objects.
    pub owner: String,
    /// Each one of `SELECT`, `INSERT`, `UPDATE`, `DELETE`, `TRUNCATE`, `REFERENCES`, `TRIGGER`, `MAINTAIN`, `USAGE`, `EXECUTE`, `CREATE`.
    pub privileges: Vec<String>,
    pub roles: Vec<String>,
    pub schema: String,
}

impl Operation for RevokeDefaultPrivilegesInSchema {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "RevokeDefaultPrivilegesInSchema";
}

/// Makes an extension. What it requires must be there.
///
/// Touches: write extension `[database, name]`; use schema `[database, schema]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateExtension {
    pub database: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub schema: Option<String>,
    /// Absent: the one that the server prefers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub version: Option<String>,
}

impl Operation for CreateExtension {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "CreateExtension";
}

/// Moves an extension's objects to another schema.
///
/// Touches: write extension `[database, name]`; use schema `[database, schema]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlterExtensionSchema {
    pub database: String,
    pub name: String,
    pub schema: String,
}

impl Operation for AlterExtensionSchema {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "AlterExtensionSchema";
}

/// Brings an extension to another version.
///
/// Touches: write extension `[database, name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct UpdateExtension {
    pub database: String,
    pub name: String,
    pub version: String,
}

impl Operation for UpdateExtension {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "UpdateExtension";
}

/// Removes an extension with its own objects. One that something else needs stays.
///
/// Touches: destroy extension `[database, name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DropExtension {
    pub database: String,
    pub name: String,
}

impl Operation for DropExtension {
    type Capability = Sql;
    type Output = ();
    const NAME: &'static str = "DropExtension";
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

/// The same of a file that ran before with another content, as a repeatable one does.
///
/// Touches: write script `[database]`; use role `[as]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct RunScriptAgain {
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

impl Operation for RunScriptAgain {
    type Capability = Sql;
    type Output = Option<String>;
    const NAME: &'static str = "RunScriptAgain";
}

/// Writes files into an empty history as if they had run: of a database that was made before hyhost came. All or none.
///
/// Touches: write script `[database]`; use role `[as]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct BaselineMigrations {
    /// Absent: the connection's own account.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#as: Option<String>,
    pub database: String,
    /// Of each file.
    pub digests: Vec<String>,
    pub files: Vec<String>,
    /// Of each file: what `ReadScriptDigest` says.
    pub normals: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretName>,
}

impl Operation for BaselineMigrations {
    type Capability = Sql;
    type Output = Option<String>;
    const NAME: &'static str = "BaselineMigrations";
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct AvailableExtension {
    pub default_version: Option<String>,
    pub name: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Content {
    /// Such as `table t`.
    pub example: String,
    pub objects: i64,
    /// Empty: large objects, which are in none.
    pub schema: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Database {
    pub collate: Option<String>,
    pub comment: Option<String>,
    /// -1: no limit.
    pub connection_limit: i64,
    pub ctype: Option<String>,
    pub encoding: String,
    /// That of icu or builtin.
    pub locale: Option<String>,
    /// Libc, icu or builtin.
    pub locale_provider: Option<String>,
    pub name: String,
    pub owner: String,
    pub privileges: Vec<Privilege>,
    pub tablespace: Option<String>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct DefaultPrivilege {
    /// The server gives it by itself.
    pub builtin: bool,
    pub grantable: bool,
    /// A role; `public` is everybody.
    pub grantee: String,
    /// TABLES, SEQUENCES, FUNCTIONS, TYPES or SCHEMAS.
    pub objects: String,
    /// The role that makes the objects.
    pub owner: String,
    pub privilege: String,
    /// Absent: in all schemas.
    pub schema: Option<String>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Extension {
    pub name: String,
    pub schema: String,
    pub version: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Function {
    pub name: String,
    pub owner: String,
    pub privileges: Vec<Privilege>,
    pub schema: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct MemberOf {
    /// The member may grant it on.
    pub admin: bool,
    pub grantor: Option<String>,
    /// From PostgreSQL 16 on.
    pub inherit: Option<bool>,
    pub role: String,
    /// Whether it may SET ROLE; from PostgreSQL 16 on.
    pub set: Option<bool>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Migration {
    /// sha256:… of the file.
    pub digest: String,
    pub file: String,
    /// sha256:… of it without comments and needless white space; absent: an older hyhost ran it.
    pub normal: Option<String>,
    /// False: it was taken as applied by a baseline.
    pub ran: bool,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Privilege {
    /// The server gives it to a new object by itself.
    pub builtin: bool,
    /// The grantee may grant it on.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grantable: Option<bool>,
    /// A role; `public` is everybody.
    pub grantee: String,
    /// Who granted it, where that was not the owner.
    pub grantor: Option<String>,
    /// Upper case, such as SELECT.
    pub privilege: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Role {
    pub bypassrls: bool,
    pub comment: Option<String>,
    /// -1: no limit.
    pub connection_limit: i64,
    pub createdb: bool,
    pub createrole: bool,
    pub inherit: bool,
    pub login: bool,
    pub member_of: Vec<MemberOf>,
    pub name: String,
    pub replication: bool,
    /// For all databases.
    pub settings: std::collections::BTreeMap<String, String>,
    pub superuser: bool,
    /// In UTC, such as 2030-01-31T00:00:00Z, or infinity.
    pub valid_until: Option<String>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RoleUse {
    /// Where the objects are; absent: in none.
    pub database: Option<String>,
    /// Databases and tablespaces among them, by name.
    pub objects: Vec<String>,
    /// How many objects it owns there.
    pub owns: i64,
    /// On how many objects it has privileges there, or is otherwise named.
    pub privileges: i64,
    pub role: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Schema {
    pub comment: Option<String>,
    pub name: String,
    pub owner: String,
    pub privileges: Vec<Privilege>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Sequence {
    pub name: String,
    pub owner: String,
    pub privileges: Vec<Privilege>,
    pub schema: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Server {
    /// The one that the connection is in.
    pub database: String,
    pub in_recovery: bool,
    /// The server's clock, in seconds since 1970.
    pub now: i64,
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
