//! What to do about an error of Kafka, by its code, never by text.
//!
//! Codes from 0 are the protocol's; negative ones are librdkafka's own, about
//! what happened here or on the way.

use hyhost_backend::Class;

/// The broker refuses the login.
pub(crate) const AUTHENTICATION_FAILED: i32 = 58;
/// The broker's listener does not take this mechanism.
pub(crate) const UNSUPPORTED_MECHANISM: i32 = 33;
/// The broker's listener takes no login, or not now.
pub(crate) const ILLEGAL_SASL_STATE: i32 = 34;
/// There is no such topic or partition.
pub(crate) const UNKNOWN_TOPIC: i32 = 3;
/// There is nothing of this name.
pub(crate) const RESOURCE_NOT_FOUND: i32 = 91;
/// librdkafka: there was no answer in time.
pub(crate) const TIMED_OUT: i32 = -185;
/// librdkafka: an argument cannot be.
pub(crate) const INVALID_ARGUMENT: i32 = -186;
/// librdkafka: a login was refused.
pub(crate) const LOCAL_AUTHENTICATION: i32 = -169;

/// The class of an error, for what writes or reads objects.
pub(crate) fn class(code: i32) -> Class {
    match code {
        // Not there, there already, twice in one request.
        UNKNOWN_TOPIC | 36 | RESOURCE_NOT_FOUND | 92 => Class::Conflict,
        // Authorisation of topic, group, cluster, transactional id, delegation
        // token; the broker's policy; the login.
        29 | 30 | 31 | 53 | 65 | 44 | AUTHENTICATION_FAILED => Class::Denied,
        // Topic's name, partitions, replication factor, assignment, config,
        // request, record, principal type, credential.
        17 | 37..=40 | 42 | 67 | 87 | 93 | INVALID_ARGUMENT => Class::Invalid,
        // Leaders and coordinators that move, time, network, storage,
        // reassignment, quota of changes.
        5..=9 | 13..=16 | 41 | 56 | 60 | 72 | 89 => Class::Transient,
        // Transport, all brokers down, unknown host, unknown broker, time, TLS
        // are the way's, and looked at there.
        -195 | -193 | -187 | -185 | -181 | -166 => Class::NotReady,
        _ => Class::Failed,
    }
}

/// Whether no broker answered: librdkafka's own words about the way.
pub(crate) fn is_lost(code: i32) -> bool {
    // Transport, resolve, all brokers down, timed out, TLS, timed out in the
    // queue, authentication.
    matches!(code, -195 | -193 | -187 | TIMED_OUT | -181 | -166 | LOCAL_AUTHENTICATION)
}

/// What a person should do about it, where the broker's words do not say.
pub(crate) fn hint(code: i32) -> &'static str {
    match code {
        29..=31 | 53 => "; the account lacks the permission for it",
        54 => "; the brokers have no authorizer, so there are no ACLs (`authorizer.class.name`)",
        35 => "; the broker is too old for this request",
        38 => "; are there as many brokers?",
        58 => "; the login was refused",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn classes_by_code() {
        let expected = [
            (36, Class::Conflict),
            (3, Class::Conflict),
            (29, Class::Denied),
            (31, Class::Denied),
            (38, Class::Invalid),
            (40, Class::Invalid),
            (41, Class::Transient),
            (7, Class::Transient),
            (-185, Class::NotReady),
            (-195, Class::NotReady),
            (54, Class::Failed),
            (-1, Class::Failed),
            (9999, Class::Failed),
        ];
        for (code, class) in expected {
            assert_eq!(super::class(code), class, "{code}");
        }
    }
}
