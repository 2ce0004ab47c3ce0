// Written by `cargo xtask generate` from host/table/src/opensearch.yaml.

use serde::{Deserialize, Serialize};

use super::OpenSearch;
use crate::{Operation, SecretName};

/// How the cluster is. While the security plugin is not initialised, it is not ready.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadHealth {}

impl Operation for ReadHealth {
    type Capability = OpenSearch;
    type Output = Health;
    const NAME: &'static str = "ReadHealth";
}

/// Component templates.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadComponentTemplates {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadComponentTemplates {
    type Capability = OpenSearch;
    type Output = Vec<Object>;
    const NAME: &'static str = "ReadComponentTemplates";
}

/// Composable index templates.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadIndexTemplates {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadIndexTemplates {
    type Capability = OpenSearch;
    type Output = Vec<Object>;
    const NAME: &'static str = "ReadIndexTemplates";
}

/// Ingest pipelines.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadPipelines {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadPipelines {
    type Capability = OpenSearch;
    type Output = Vec<Object>;
    const NAME: &'static str = "ReadPipelines";
}

/// ISM policies, with what a write must repeat so that nobody else's is lost.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadPolicies {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadPolicies {
    type Capability = OpenSearch;
    type Output = Vec<Policy>;
    const NAME: &'static str = "ReadPolicies";
}

/// Those of these indexes that are there, with settings (flat), mappings and aliases.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadIndexes {
    pub names: Vec<String>,
}

impl Operation for ReadIndexes {
    type Capability = OpenSearch;
    type Output = Vec<Object>;
    const NAME: &'static str = "ReadIndexes";
}

/// The names of all indexes that are not hidden.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ListIndexes {}

impl Operation for ListIndexes {
    type Capability = OpenSearch;
    type Output = Vec<Listed>;
    const NAME: &'static str = "ListIndexes";
}

/// Aliases, once for each index that has them.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadAliases {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadAliases {
    type Capability = OpenSearch;
    type Output = Vec<Alias>;
    const NAME: &'static str = "ReadAliases";
}

/// Data streams.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadDataStreams {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadDataStreams {
    type Capability = OpenSearch;
    type Output = Vec<Object>;
    const NAME: &'static str = "ReadDataStreams";
}

/// Roles of the security plugin.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadRoles {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadRoles {
    type Capability = OpenSearch;
    type Output = Vec<Role>;
    const NAME: &'static str = "ReadRoles";
}

/// Who has which role; the name is the role's.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadRoleMappings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadRoleMappings {
    type Capability = OpenSearch;
    type Output = Vec<RoleMapping>;
    const NAME: &'static str = "ReadRoleMappings";
}

/// Internal users. Never a password.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadUsers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadUsers {
    type Capability = OpenSearch;
    type Output = Vec<User>;
    const NAME: &'static str = "ReadUsers";
}

/// Tenants.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadTenants {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadTenants {
    type Capability = OpenSearch;
    type Output = Vec<Tenant>;
    const NAME: &'static str = "ReadTenants";
}

/// Whether somebody can log in with this secret. The host logs in.
///
/// Touches: read user `[user]` (needs a grant to write).
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PasswordMatches {
    pub password: SecretName,
    pub user: String,
}

impl Operation for PasswordMatches {
    type Capability = OpenSearch;
    type Output = bool;
    const NAME: &'static str = "PasswordMatches";
}

/// Persistent settings of the cluster that were set.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadClusterSettings {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadClusterSettings {
    type Capability = OpenSearch;
    type Output = Vec<ClusterSetting>;
    const NAME: &'static str = "ReadClusterSettings";
}

/// Snapshot repositories.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ReadSnapshotRepositories {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub names: Option<Vec<String>>,
}

impl Operation for ReadSnapshotRepositories {
    type Capability = OpenSearch;
    type Output = Vec<Object>;
    const NAME: &'static str = "ReadSnapshotRepositories";
}

/// Makes a component template, or puts it in the place of the one that is there.
///
/// Touches: write component_template `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutComponentTemplate {
    pub body: serde_json::Map<String, serde_json::Value>,
    pub name: String,
}

impl Operation for PutComponentTemplate {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutComponentTemplate";
}

/// Removes a component template that no index template is composed of.
///
/// Touches: destroy component_template `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteComponentTemplate {
    pub name: String,
}

impl Operation for DeleteComponentTemplate {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeleteComponentTemplate";
}

/// Makes an index template, or puts it in the place of the one that is there.
///
/// Touches: write index_template `[name]`; use index_pattern `[/body/index_patterns]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutIndexTemplate {
    pub body: serde_json::Map<String, serde_json::Value>,
    pub name: String,
}

impl Operation for PutIndexTemplate {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutIndexTemplate";
}

/// Removes an index template that no data stream needs.
///
/// Touches: destroy index_template `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteIndexTemplate {
    pub name: String,
}

impl Operation for DeleteIndexTemplate {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeleteIndexTemplate";
}

/// Makes an ingest pipeline, or puts it in the place of the one that is there.
///
/// Touches: write ingest_pipeline `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutPipeline {
    pub body: serde_json::Map<String, serde_json::Value>,
    pub name: String,
}

impl Operation for PutPipeline {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutPipeline";
}

/// Removes an ingest pipeline.
///
/// Touches: destroy ingest_pipeline `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeletePipeline {
    pub name: String,
}

impl Operation for DeletePipeline {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeletePipeline";
}

/// Makes an ISM policy, or puts it in the place of the one that was read.
///
/// Touches: write ism_policy `[name]`; use index_pattern `[/body/ism_template/*/index_patterns]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutPolicy {
    pub body: serde_json::Map<String, serde_json::Value>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub primary_term: Option<i64>,
    /// Of the one that it takes the place of.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub seq_no: Option<i64>,
}

impl Operation for PutPolicy {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutPolicy";
}

/// Removes an ISM policy. Indexes that it manages stay as they are.
///
/// Touches: destroy ism_policy `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeletePolicy {
    pub name: String,
}

impl Operation for DeletePolicy {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeletePolicy";
}

/// Makes an index; with `alias`, in the same step, as the one that the alias writes to.
///
/// Touches: write index `[name]`; write alias `[alias]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateIndex {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alias: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mappings: Option<serde_json::Map<String, serde_json::Value>>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub settings: Option<serde_json::Map<String, serde_json::Value>>,
}

impl Operation for CreateIndex {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "CreateIndex";
}

/// Sets settings of an index that can be changed while it is there.
///
/// Touches: write index `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutIndexSettings {
    pub name: String,
    pub settings: serde_json::Map<String, serde_json::Value>,
}

impl Operation for PutIndexSettings {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutIndexSettings";
}

/// Adds fields to an index's mappings.
///
/// Touches: write index `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutIndexMappings {
    pub mappings: serde_json::Map<String, serde_json::Value>,
    pub name: String,
}

impl Operation for PutIndexMappings {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutIndexMappings";
}

/// Lets an alias stand for an index, which is the one that it writes to.
///
/// Touches: write alias `[name]`; write index `[index]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutAlias {
    pub index: String,
    pub name: String,
    pub write: bool,
}

impl Operation for PutAlias {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutAlias";
}

/// Removes an index; without `with_data` only one in which nothing is.
///
/// Touches: destroy index `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteIndex {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_data: Option<bool>,
}

impl Operation for DeleteIndex {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeleteIndex";
}

/// Makes a data stream; an index template must be there for it.
///
/// Touches: write data_stream `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct CreateDataStream {
    pub name: String,
}

impl Operation for CreateDataStream {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "CreateDataStream";
}

/// Removes a data stream and the indexes behind it; without `with_data` only one in which nothing is.
///
/// Touches: destroy data_stream `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteDataStream {
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub with_data: Option<bool>,
}

impl Operation for DeleteDataStream {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeleteDataStream";
}

/// Makes a role; one that is there of that name is replaced.
///
/// Touches: write role `[name]`; use cluster_permission `[cluster_permissions]`; use index_pattern `[/index_permissions/*/index_patterns]`; use tenant_pattern `[/tenant_permissions/*/tenant_patterns]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutRole {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_permissions: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_permissions: Option<Vec<IndexPermission>>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_permissions: Option<Vec<TenantPermission>>,
}

impl Operation for PutRole {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutRole";
}

/// Sets a role's description.
///
/// Touches: write role `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlterRole {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub name: String,
}

impl Operation for AlterRole {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AlterRole";
}

/// Gives a role permissions on the cluster.
///
/// Touches: write role `[name]`; use cluster_permission `[cluster_permissions]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddClusterPermissions {
    pub cluster_permissions: Vec<String>,
    /// The list was read and is empty, where the server has none to add to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<bool>,
    pub name: String,
}

impl Operation for AddClusterPermissions {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AddClusterPermissions";
}

/// Gives a role permissions on indexes.
///
/// Touches: write role `[name]`; use index_pattern `[/index_permissions/*/index_patterns]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddIndexPermissions {
    /// The list was read and is empty, where the server has none to add to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<bool>,
    pub index_permissions: Vec<IndexPermission>,
    pub name: String,
}

impl Operation for AddIndexPermissions {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AddIndexPermissions";
}

/// Gives a role permissions in tenants.
///
/// Touches: write role `[name]`; use tenant_pattern `[/tenant_permissions/*/tenant_patterns]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddTenantPermissions {
    /// The list was read and is empty, where the server has none to add to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<bool>,
    pub name: String,
    pub tenant_permissions: Vec<TenantPermission>,
}

impl Operation for AddTenantPermissions {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AddTenantPermissions";
}

/// Puts lists in the place of a role's own: what they lack is taken away.
///
/// Touches: write role `[name]`; use cluster_permission `[cluster_permissions]`; use index_pattern `[/index_permissions/*/index_patterns]`; use tenant_pattern `[/tenant_permissions/*/tenant_patterns]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SetRole {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_permissions: Option<Vec<String>>,
    pub exact: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_permissions: Option<Vec<IndexPermission>>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_permissions: Option<Vec<TenantPermission>>,
}

impl Operation for SetRole {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "SetRole";
}

/// Removes a role.
///
/// Touches: destroy role `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteRole {
    pub name: String,
}

impl Operation for DeleteRole {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeleteRole";
}

/// Makes a role's mapping; one that is there of that name is replaced.
///
/// Touches: write role_mapping `[name]`; use member `[users]`; use member `[backend_roles]`; use member `[hosts]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutRoleMapping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub and_backend_roles: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_roles: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<String>>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
}

impl Operation for PutRoleMapping {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutRoleMapping";
}

/// Sets which backend roles somebody must have all of.
///
/// Touches: write role_mapping `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlterRoleMapping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub and_backend_roles: Option<Vec<String>>,
    pub name: String,
}

impl Operation for AlterRoleMapping {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AlterRoleMapping";
}

/// Gives users a role.
///
/// Touches: write role_mapping `[name]`; use member `[users]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddMappedUsers {
    /// The list was read and is empty, where the server has none to add to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<bool>,
    pub name: String,
    pub users: Vec<String>,
}

impl Operation for AddMappedUsers {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AddMappedUsers";
}

/// Gives a role to whoever has a backend role.
///
/// Touches: write role_mapping `[name]`; use member `[backend_roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddMappedBackendRoles {
    pub backend_roles: Vec<String>,
    /// The list was read and is empty, where the server has none to add to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<bool>,
    pub name: String,
}

impl Operation for AddMappedBackendRoles {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AddMappedBackendRoles";
}

/// Gives a role to whoever comes from a host.
///
/// Touches: write role_mapping `[name]`; use member `[hosts]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddMappedHosts {
    /// The list was read and is empty, where the server has none to add to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<bool>,
    pub hosts: Vec<String>,
    pub name: String,
}

impl Operation for AddMappedHosts {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AddMappedHosts";
}

/// Puts lists in the place of a mapping's own: whom they lack loses the role.
///
/// Touches: write role_mapping `[name]`; use member `[users]`; use member `[backend_roles]`; use member `[hosts]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SetRoleMapping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_roles: Option<Vec<String>>,
    pub exact: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<String>>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
}

impl Operation for SetRoleMapping {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "SetRoleMapping";
}

/// Removes a role's mapping.
///
/// Touches: destroy role_mapping `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteRoleMapping {
    pub name: String,
}

impl Operation for DeleteRoleMapping {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeleteRoleMapping";
}

/// Makes an internal user; one that is there of that name is replaced.
///
/// Touches: write user `[name]`; use member `[backend_roles]`; use role `[security_roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PutUser {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<std::collections::BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_roles: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub name: String,
    pub password: SecretName,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_roles: Option<Vec<String>>,
}

impl Operation for PutUser {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutUser";
}

/// Sets a user's description, attributes or password.
///
/// Touches: write user `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AlterUser {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<std::collections::BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password: Option<SecretName>,
}

impl Operation for AlterUser {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AlterUser";
}

/// Gives a user backend roles.
///
/// Touches: write user `[name]`; use member `[backend_roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddUserBackendRoles {
    pub backend_roles: Vec<String>,
    /// The list was read and is empty, where the server has none to add to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<bool>,
    pub name: String,
}

impl Operation for AddUserBackendRoles {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AddUserBackendRoles";
}

/// Gives a user roles, without a mapping.
///
/// Touches: write user `[name]`; use role `[security_roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct AddUserSecurityRoles {
    /// The list was read and is empty, where the server has none to add to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first: Option<bool>,
    pub name: String,
    pub security_roles: Vec<String>,
}

impl Operation for AddUserSecurityRoles {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "AddUserSecurityRoles";
}

/// Puts lists in the place of a user's own: what they lack is taken away.
///
/// Touches: write user `[name]`; use member `[backend_roles]`; use role `[security_roles]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct SetUser {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_roles: Option<Vec<String>>,
    pub exact: String,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_roles: Option<Vec<String>>,
}

impl Operation for SetUser {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "SetUser";
}

/// Removes an internal user.
///
/// Touches: destroy user `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteUser {
    pub name: String,
}

impl Operation for DeleteUser {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeleteUser";
}

/// Makes a tenant, or sets its description.
///
/// Touches: write tenant `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutTenant {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    pub name: String,
}

impl Operation for PutTenant {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutTenant";
}

/// Removes a tenant. What its users have saved in it is no longer reached.
///
/// Touches: destroy tenant `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteTenant {
    pub name: String,
}

impl Operation for DeleteTenant {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeleteTenant";
}

/// Sets a persistent setting of the cluster.
///
/// Touches: write cluster_setting `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutClusterSetting {
    pub name: String,
    pub value: String,
}

impl Operation for PutClusterSetting {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutClusterSetting";
}

/// Takes a persistent setting of the cluster back.
///
/// Touches: destroy cluster_setting `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct ResetClusterSetting {
    pub name: String,
}

impl Operation for ResetClusterSetting {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "ResetClusterSetting";
}

/// Registers a snapshot repository, or changes the one that is there.
///
/// Touches: write snapshot_repository `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct PutSnapshotRepository {
    pub body: serde_json::Map<String, serde_json::Value>,
    pub name: String,
}

impl Operation for PutSnapshotRepository {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "PutSnapshotRepository";
}

/// Forgets a snapshot repository. The snapshots in it stay where they are.
///
/// Touches: destroy snapshot_repository `[name]`.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct DeleteSnapshotRepository {
    pub name: String,
}

impl Operation for DeleteSnapshotRepository {
    type Capability = OpenSearch;
    type Output = ();
    const NAME: &'static str = "DeleteSnapshotRepository";
}

/// An alias of one index.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Alias {
    pub index: String,
    pub name: String,
    /// Whether writes go there: `true`, `false`, or `-` where nothing is said.
    pub write: String,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct ClusterSetting {
    pub name: String,
    pub value: serde_json::Value,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Health {
    pub number_of_nodes: i64,
    /// Green, yellow or red.
    pub status: String,
}

/// What is allowed on some indexes.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct IndexPermission {
    pub allowed_actions: Vec<String>,
    pub dls: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fls: Option<Vec<String>>,
    pub index_patterns: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub masked_fields: Option<Vec<String>>,
}

/// A name.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Listed {
    pub name: String,
}

/// An object and its name, as the API writes it.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Object {
    pub body: serde_json::Map<String, serde_json::Value>,
    pub name: String,
}

/// An ISM policy, and which version of it was read.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Policy {
    pub body: serde_json::Map<String, serde_json::Value>,
    pub name: String,
    pub primary_term: i64,
    pub seq_no: i64,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Role {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cluster_permissions: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub index_permissions: Option<Vec<IndexPermission>>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#static: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tenant_permissions: Option<Vec<TenantPermission>>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct RoleMapping {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub and_backend_roles: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_roles: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hosts: Option<Vec<String>>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#static: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub users: Option<Vec<String>>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Tenant {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#static: Option<bool>,
}

/// What is allowed in some tenants.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct TenantPermission {
    pub allowed_actions: Vec<String>,
    pub tenant_patterns: Vec<String>,
}

/// Part of an answer.
#[allow(missing_docs, reason = "the names say it")]
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct User {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub attributes: Option<std::collections::BTreeMap<String, String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub backend_roles: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hidden: Option<bool>,
    pub name: String,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reserved: Option<bool>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub security_roles: Option<Vec<String>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub r#static: Option<bool>,
}
