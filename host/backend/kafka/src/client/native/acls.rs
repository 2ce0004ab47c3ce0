//! ACLs.

use rdkafka::bindings as rd;

use super::topics::of_error;
use super::{Client, How, KafkaError, Owned, Words, c_string, pointers, slice, string};

/// An ACL in the table's words.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
pub(crate) struct Acl {
    pub(crate) principal: String,
    pub(crate) resource: String,
    /// With a trailing `*`: a prefix; `*` alone: all.
    pub(crate) name: String,
    pub(crate) operation: String,
    pub(crate) permission: String,
    pub(crate) host: String,
}

/// What came of an ACL.
pub(crate) type AclError = Option<KafkaError>;

type Resource = rd::rd_kafka_ResourceType_t;
type Pattern = rd::rd_kafka_ResourcePatternType_t;
type Operation = rd::rd_kafka_AclOperation_t;
type Permission = rd::rd_kafka_AclPermissionType_t;
type Binding = rd::rd_kafka_AclBinding_t;

const RESOURCES: &[(&str, Resource)] = &[
    ("topic", Resource::RD_KAFKA_RESOURCE_TOPIC),
    ("group", Resource::RD_KAFKA_RESOURCE_GROUP),
    ("cluster", Resource::RD_KAFKA_RESOURCE_BROKER),
    ("transactional_id", Resource::RD_KAFKA_RESOURCE_TRANSACTIONAL_ID),
];

const OPERATIONS: &[(&str, Operation)] = &[
    ("all", Operation::RD_KAFKA_ACL_OPERATION_ALL),
    ("read", Operation::RD_KAFKA_ACL_OPERATION_READ),
    ("write", Operation::RD_KAFKA_ACL_OPERATION_WRITE),
    ("create", Operation::RD_KAFKA_ACL_OPERATION_CREATE),
    ("delete", Operation::RD_KAFKA_ACL_OPERATION_DELETE),
    ("alter", Operation::RD_KAFKA_ACL_OPERATION_ALTER),
    ("describe", Operation::RD_KAFKA_ACL_OPERATION_DESCRIBE),
    ("cluster_action", Operation::RD_KAFKA_ACL_OPERATION_CLUSTER_ACTION),
    ("describe_configs", Operation::RD_KAFKA_ACL_OPERATION_DESCRIBE_CONFIGS),
    ("alter_configs", Operation::RD_KAFKA_ACL_OPERATION_ALTER_CONFIGS),
    ("idempotent_write", Operation::RD_KAFKA_ACL_OPERATION_IDEMPOTENT_WRITE),
];

const PERMISSIONS: &[(&str, Permission)] = &[
    ("allow", Permission::RD_KAFKA_ACL_PERMISSION_TYPE_ALLOW),
    ("deny", Permission::RD_KAFKA_ACL_PERMISSION_TYPE_DENY),
];

/// The word for what librdkafka answers.
fn word<T: PartialEq + Copy>(of: &[(&'static str, T)], value: T) -> &'static str {
    of.iter().find(|(_, known)| *known == value).map_or("unknown", |(word, _)| word)
}

/// The reverse.
fn value<T: Copy>(of: &[(&str, T)], word: &str) -> Result<T, KafkaError> {
    let found = of.iter().find(|(known, _)| *known == word);
    found.map(|(_, value)| *value).ok_or_else(|| KafkaError::argument(format!("`{word}` is not known")))
}

impl Client {
    /// All ACLs; only of one principal if it is given.
    pub(crate) fn acls(&self, principal: Option<&str>, how: &How) -> Result<Vec<Acl>, KafkaError> {
        let principal = principal.map(c_string).transpose()?;
        let mut words = Words::new();
        // SAFETY: the text is copied; null is any.
        let filter = unsafe {
            rd::rd_kafka_AclBindingFilter_new(
                Resource::RD_KAFKA_RESOURCE_ANY,
                std::ptr::null(),
                Pattern::RD_KAFKA_RESOURCE_PATTERN_ANY,
                principal.as_ref().map_or(std::ptr::null(), |principal| principal.as_ptr()),
                std::ptr::null(),
                Operation::RD_KAFKA_ACL_OPERATION_ANY,
                Permission::RD_KAFKA_ACL_PERMISSION_TYPE_ANY,
                words.0.as_mut_ptr(),
                words.0.len(),
            )
        };
        let filter = Owned::new(filter, rd::rd_kafka_AclBinding_destroy).ok_or_else(|| words.error())?;
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBEACLS,
            how,
            // SAFETY: all are alive during the call, which copies the filter.
            |options, queue| unsafe { rd::rd_kafka_DescribeAcls(self.ptr(), filter.pointer, options, queue) },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_DescribeAcls_result(event);
                let mut count = 0;
                let acls = rd::rd_kafka_DescribeAcls_result_acls(result, &mut count);
                Ok(slice(acls, count).iter().map(|acl| read(*acl)).collect())
            },
        )
    }

    /// Makes ACLs; what came of each, in order.
    pub(crate) fn create_acls(&self, acls: &[&Acl], how: &How) -> Result<Vec<AclError>, KafkaError> {
        let made = acls.iter().map(|acl| binding(acl, false)).collect::<Result<Vec<_>, _>>()?;
        let mut list = pointers(&made);
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_CREATEACLS,
            how,
            // SAFETY: all are alive during the call, which copies the ACLs.
            |options, queue| unsafe {
                rd::rd_kafka_CreateAcls(self.ptr(), list.as_mut_ptr(), list.len(), options, queue);
            },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_CreateAcls_result(event);
                let mut count = 0;
                let results = rd::rd_kafka_CreateAcls_result_acls(result, &mut count);
                Ok(slice(results, count)
                    .iter()
                    .map(|result| of_error(rd::rd_kafka_acl_result_error(*result)))
                    .collect())
            },
        )
    }

    /// Removes just these ACLs; what came of each, in order.
    pub(crate) fn delete_acls(&self, acls: &[&Acl], how: &How) -> Result<Vec<AclError>, KafkaError> {
        let made = acls.iter().map(|acl| binding(acl, true)).collect::<Result<Vec<_>, _>>()?;
        let mut list = pointers(&made);
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DELETEACLS,
            how,
            // SAFETY: all are alive during the call, which copies the filters.
            |options, queue| unsafe {
                rd::rd_kafka_DeleteAcls(self.ptr(), list.as_mut_ptr(), list.len(), options, queue);
            },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_DeleteAcls_result(event);
                let mut count = 0;
                let results = rd::rd_kafka_DeleteAcls_result_responses(result, &mut count);
                let error = |response: &*const rd::rd_kafka_DeleteAcls_result_response_t| {
                    of_error(rd::rd_kafka_DeleteAcls_result_response_error(*response))
                };
                Ok(slice(results, count).iter().map(error).collect())
            },
        )
    }
}

/// As librdkafka takes it: an ACL, or a filter that fits just this one.
fn binding(acl: &Acl, filter: bool) -> Result<Owned<Binding>, KafkaError> {
    let (name, pattern) = match acl.name.strip_suffix('*') {
        Some(prefix) if !prefix.is_empty() => (prefix, Pattern::RD_KAFKA_RESOURCE_PATTERN_PREFIXED),
        _ => (acl.name.as_str(), Pattern::RD_KAFKA_RESOURCE_PATTERN_LITERAL),
    };
    let (name, principal, host) = (c_string(name)?, c_string(&acl.principal)?, c_string(&acl.host)?);
    let mut words = Words::new();
    let new = if filter { rd::rd_kafka_AclBindingFilter_new } else { rd::rd_kafka_AclBinding_new };
    // SAFETY: the texts are copied.
    let binding = unsafe {
        new(
            value(RESOURCES, &acl.resource)?,
            name.as_ptr(),
            pattern,
            principal.as_ptr(),
            host.as_ptr(),
            value(OPERATIONS, &acl.operation)?,
            value(PERMISSIONS, &acl.permission)?,
            words.0.as_mut_ptr(),
            words.0.len(),
        )
    };
    Owned::new(binding, rd::rd_kafka_AclBinding_destroy).ok_or_else(|| words.error())
}

/// # Safety
/// The ACL belongs to an event that is alive.
unsafe fn read(acl: *const Binding) -> Acl {
    unsafe {
        let name = string(rd::rd_kafka_AclBinding_name(acl)).unwrap_or_default();
        let mut resource = word(RESOURCES, rd::rd_kafka_AclBinding_restype(acl));
        let name = match rd::rd_kafka_AclBinding_resource_pattern_type(acl) {
            Pattern::RD_KAFKA_RESOURCE_PATTERN_PREFIXED => format!("{name}*"),
            _ => {
                // A literal name of this kind would read as a prefix.
                if name.len() > 1 && name.ends_with('*') {
                    resource = "unknown";
                }
                name
            }
        };
        Acl {
            principal: string(rd::rd_kafka_AclBinding_principal(acl)).unwrap_or_default(),
            resource: resource.to_owned(),
            name,
            operation: word(OPERATIONS, rd::rd_kafka_AclBinding_operation(acl)).to_owned(),
            permission: word(PERMISSIONS, rd::rd_kafka_AclBinding_permission_type(acl)).to_owned(),
            host: string(rd::rd_kafka_AclBinding_host(acl)).unwrap_or_default(),
        }
    }
}
