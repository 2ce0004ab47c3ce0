//! SCRAM users.

use std::ffi::{CString, c_char};

use rdkafka::bindings as rd;

use super::topics::of_error;
use super::{Client, How, KafkaError, Owned, c_string, pointers, slice, string};

/// A user's credential of one mechanism.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Credential {
    pub(crate) user: String,
    pub(crate) mechanism: &'static str,
    pub(crate) iterations: i32,
}

/// A credential to be made, or changed.
pub(crate) struct Upsertion<'a> {
    pub(crate) user: &'a str,
    pub(crate) mechanism: &'a str,
    pub(crate) iterations: i32,
    pub(crate) password: &'a str,
}

type Mechanism = rd::rd_kafka_ScramMechanism_t;
/// What came of users, by name.
pub(crate) type OfUsers = Vec<(String, Result<(), KafkaError>)>;

type Alteration = Owned<rd::rd_kafka_UserScramCredentialAlteration_t>;

impl Client {
    /// The credentials of these users; `None`: of all.
    pub(crate) fn credentials(&self, users: Option<&[&str]>, how: &How) -> Result<Vec<Credential>, KafkaError> {
        if users.is_some_and(<[&str]>::is_empty) {
            return Ok(Vec::new());
        }
        let users = users.unwrap_or_default();
        let texts = users.iter().map(|user| c_string(user)).collect::<Result<Vec<CString>, _>>()?;
        let mut list: Vec<*const c_char> = texts.iter().map(|text| text.as_ptr()).collect();
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_DESCRIBEUSERSCRAMCREDENTIALS,
            how,
            // SAFETY: all are alive during the call, which copies the names.
            |options, queue| unsafe {
                rd::rd_kafka_DescribeUserScramCredentials(self.ptr(), list.as_mut_ptr(), list.len(), options, queue);
            },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_DescribeUserScramCredentials_result(event);
                let mut count = 0;
                let users = rd::rd_kafka_DescribeUserScramCredentials_result_descriptions(result, &mut count);
                let mut credentials = Vec::new();
                for user in slice(users, count) {
                    match of_error(rd::rd_kafka_UserScramCredentialsDescription_error(*user)) {
                        Some(error) if error.code == crate::code::RESOURCE_NOT_FOUND => continue,
                        Some(error) => return Err(error),
                        None => {}
                    }
                    let name = string(rd::rd_kafka_UserScramCredentialsDescription_user(*user)).unwrap_or_default();
                    for at in 0..rd::rd_kafka_UserScramCredentialsDescription_scramcredentialinfo_count(*user) {
                        let info = rd::rd_kafka_UserScramCredentialsDescription_scramcredentialinfo(*user, at);
                        credentials.push(Credential {
                            user: name.clone(),
                            mechanism: match rd::rd_kafka_ScramCredentialInfo_mechanism(info) {
                                Mechanism::RD_KAFKA_SCRAM_MECHANISM_SHA_256 => "SCRAM-SHA-256",
                                Mechanism::RD_KAFKA_SCRAM_MECHANISM_SHA_512 => "SCRAM-SHA-512",
                                _ => "unknown",
                            },
                            iterations: rd::rd_kafka_ScramCredentialInfo_iterations(info),
                        });
                    }
                }
                Ok(credentials)
            },
        )
    }

    /// Makes or changes credentials; no user twice.
    pub(crate) fn upsert(&self, credentials: &[Upsertion<'_>], how: &How) -> Result<OfUsers, KafkaError> {
        let new = |wanted: &Upsertion<'_>| {
            let user = c_string(wanted.user)?;
            // SAFETY: everything is copied; without a salt librdkafka makes a
            // random one.
            let alteration = unsafe {
                rd::rd_kafka_UserScramCredentialUpsertion_new(
                    user.as_ptr(),
                    mechanism(wanted.mechanism),
                    wanted.iterations,
                    wanted.password.as_ptr(),
                    wanted.password.len(),
                    std::ptr::null(),
                    0,
                )
            };
            owned(alteration)
        };
        self.alter(credentials.iter().map(new).collect::<Result<Vec<_>, _>>()?, how)
    }

    /// Removes credentials, each a user and a mechanism; no user twice.
    pub(crate) fn remove_credentials(&self, credentials: &[(&str, &str)], how: &How) -> Result<OfUsers, KafkaError> {
        let new = |(user, of): &(&str, &str)| {
            let user = c_string(user)?;
            // SAFETY: the name is copied.
            owned(unsafe { rd::rd_kafka_UserScramCredentialDeletion_new(user.as_ptr(), mechanism(of)) })
        };
        self.alter(credentials.iter().map(new).collect::<Result<Vec<_>, _>>()?, how)
    }

    fn alter(&self, made: Vec<Alteration>, how: &How) -> Result<OfUsers, KafkaError> {
        let mut list = pointers(&made);
        self.request(
            rd::rd_kafka_admin_op_t::RD_KAFKA_ADMIN_OP_ALTERUSERSCRAMCREDENTIALS,
            how,
            // SAFETY: all are alive during the call, which copies what it takes.
            |options, queue| unsafe {
                rd::rd_kafka_AlterUserScramCredentials(self.ptr(), list.as_mut_ptr(), list.len(), options, queue);
            },
            // SAFETY: everything read belongs to the event, which is alive.
            |event| unsafe {
                let result = rd::rd_kafka_event_AlterUserScramCredentials_result(event);
                let mut count = 0;
                let responses = rd::rd_kafka_AlterUserScramCredentials_result_responses(result, &mut count);
                let read = |response: &*const rd::rd_kafka_AlterUserScramCredentials_result_response_t| {
                    let user = rd::rd_kafka_AlterUserScramCredentials_result_response_user(*response);
                    let error = of_error(rd::rd_kafka_AlterUserScramCredentials_result_response_error(*response));
                    (string(user).unwrap_or_default(), error.map_or(Ok(()), Err))
                };
                Ok(slice(responses, count).iter().map(read).collect())
            },
        )
    }
}

fn mechanism(text: &str) -> Mechanism {
    match text {
        "SCRAM-SHA-256" => Mechanism::RD_KAFKA_SCRAM_MECHANISM_SHA_256,
        "SCRAM-SHA-512" => Mechanism::RD_KAFKA_SCRAM_MECHANISM_SHA_512,
        _ => Mechanism::RD_KAFKA_SCRAM_MECHANISM_UNKNOWN,
    }
}

fn owned(alteration: *mut rd::rd_kafka_UserScramCredentialAlteration_t) -> Result<Alteration, KafkaError> {
    Owned::new(alteration, rd::rd_kafka_UserScramCredentialAlteration_destroy)
        .ok_or_else(|| KafkaError::argument("librdkafka does not take this credential"))
}
