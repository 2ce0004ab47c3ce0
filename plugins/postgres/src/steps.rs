//! A change's payload is the operations that make it so, in order. So there
//! is one way to make a change of any kind.

use hyhost_sdk::sql::Sql;
use hyhost_sdk::{Call, Change, Connection, Context, Error, Operation, Outcome};
use serde::{Deserialize, Serialize};

/// The operations of one change.
#[derive(Debug, Default, Serialize, Deserialize)]
pub(crate) struct Steps(Vec<(String, String)>);

impl Steps {
    /// Adds an operation.
    pub(crate) fn then<O: Operation<Capability = Sql>>(&mut self, operation: &O) -> Result<(), Error> {
        let call = operation.call()?;
        self.0.push((call.name, call.args));
        Ok(())
    }
}

/// Performs the first step of all changes, then the second of all, …; a change
/// whose step failed goes no further.
pub(crate) fn perform(_: &Context, sql: &Connection<Sql>, changes: &[Change]) -> Vec<Result<Outcome, Error>> {
    let steps: Vec<Result<Steps, Error>> = changes.iter().map(Change::read_payload).collect();
    let longest = steps.iter().flatten().map(|steps| steps.0.len()).max().unwrap_or(0);
    let mut results: Vec<Result<Outcome, Error>> =
        steps.iter().map(|read| read.as_ref().map(|_| Outcome::Done).map_err(Clone::clone)).collect();
    for number in 0..longest {
        let mut owners = Vec::new();
        let mut calls = Vec::new();
        for (at, read) in steps.iter().enumerate() {
            if let (Ok(_), Ok(steps)) = (&results[at], read)
                && let Some((name, args)) = steps.0.get(number)
            {
                owners.push(at);
                calls.push(Call { name: name.clone(), args: args.clone() });
            }
        }
        for (at, answer) in owners.into_iter().zip(sql.hand_over(&calls)) {
            if let Err(error) = answer {
                results[at] = Err(error.about(&changes[at].id));
            }
        }
    }
    results
}
