//! A change of an account is the operations that make it so, in order: there
//! is one way to make a change of any kind. What another run has made in the
//! meantime is a conflict, and the host plans again.

use hyhost_sdk::s3::{self, S3};
use hyhost_sdk::{Call, Change, Connection, Context, Error, Operation, Outcome, Outcomes, SecretName};
use serde::{Deserialize, Serialize};

/// The operations of one change.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Steps {
    calls: Vec<(String, String)>,
    /// A secret that can be proved only when they were made.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    proof: Option<Proof>,
}

/// The secret that an account shall have.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Proof {
    /// A user and the name of its secret.
    User(String, String),
    /// An access key and the name of its secret.
    ServiceAccount(String, String),
}

impl Steps {
    /// Who cannot log in now can when the steps were made: only then is it
    /// known whether the secret is another and must be set.
    pub fn then_prove(&mut self, proof: Proof) {
        self.proof = Some(proof);
    }

    /// Adds an operation.
    ///
    /// # Errors
    /// It has no JSON form.
    pub fn then<O: Operation<Capability = S3>>(&mut self, operation: &O) -> Result<(), Error> {
        let call = operation.call()?;
        self.calls.push((call.name, call.args));
        Ok(())
    }
}

/// Performs the first step of all changes, then the second of all, …; a change
/// whose step failed goes no further.
pub fn ensure(_: &Context, connection: &Connection<S3>, changes: &[Change]) -> Outcomes {
    let steps: Vec<Result<Steps, Error>> = changes.iter().map(Change::read_payload).collect();
    let longest = steps.iter().flatten().map(|steps| steps.calls.len()).max().unwrap_or(0);
    let mut outcomes: Outcomes =
        steps.iter().map(|read| read.as_ref().map(|_| Outcome::Done).map_err(Clone::clone)).collect();
    for number in 0..longest {
        let mut owners = Vec::new();
        let mut calls = Vec::new();
        for (at, read) in steps.iter().enumerate() {
            if let (Ok(_), Ok(steps)) = (&outcomes[at], read)
                && let Some((name, args)) = steps.calls.get(number)
            {
                owners.push(at);
                calls.push(Call { name: name.clone(), args: args.clone() });
            }
        }
        for (at, answer) in owners.into_iter().zip(connection.hand_over(&calls)) {
            if let Err(error) = answer {
                outcomes[at] = Err(error.about(&changes[at].id));
            }
        }
    }
    let proofs = steps.into_iter().enumerate().filter_map(|(at, steps)| Some((at, steps.ok()?.proof?)));
    for (at, proof) in proofs.filter(|(at, _)| outcomes[*at].is_ok()).collect::<Vec<_>>() {
        if let Err(error) = prove(connection, proof) {
            outcomes[at] = Err(error.about(&changes[at].id));
        }
    }
    outcomes
}

/// Sets the secret, if it is another.
fn prove(connection: &Connection<S3>, proof: Proof) -> Result<(), Error> {
    match proof {
        Proof::User(user, secret) => {
            let secret = SecretName::new(secret);
            let proof = s3::UserSecretMatches { user: user.clone(), secret: secret.clone() };
            if connection.perform(&proof)? == Some(false) {
                connection.perform(&s3::SetUserSecret { user, secret })?;
            }
        }
        Proof::ServiceAccount(access_key, secret) => {
            let secret = SecretName::new(secret);
            let proof = s3::ServiceAccountSecretMatches { access_key: access_key.clone(), secret: secret.clone() };
            if connection.perform(&proof)? == Some(false) {
                let secret = Some(secret);
                connection.perform(&s3::UpdateServiceAccount { access_key, secret, ..Default::default() })?;
            }
        }
    }
    Ok(())
}
