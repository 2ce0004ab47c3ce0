//! Reading in bulk on behalf of many.

use std::collections::BTreeMap;
use std::marker::PhantomData;

use crate::operation::parse;
use crate::{Call, Capability, Connection, Error, Operation};

/// So many times may what was read lead to further reads. Two is usual: which
/// objects are there, then what they are like.
const MOST_ROUNDS: usize = 16;

/// What has been read of a server, and what is still wanted.
///
/// Code that compares asks [`Seen::read`] for whatever it needs. What has not
/// been read yet is `None`, and remembered: [`Seen::settle`] then performs
/// all that was asked for in as few calls as possible and runs the code again,
/// until it has seen everything. So kinds of objects that know nothing of each
/// other share one bulk read, and an operation that two of them ask for is
/// performed once.
///
/// Ask for all that can be asked before giving up on a `None`: each round is
/// one more call.
#[derive(Debug)]
pub struct Seen<C> {
    answers: BTreeMap<(String, String), Result<String, Error>>,
    wanted: Vec<Call>,
    capability: PhantomData<C>,
}

impl<C> Default for Seen<C> {
    fn default() -> Self {
        Self { answers: BTreeMap::new(), wanted: Vec::new(), capability: PhantomData }
    }
}

impl<C: Capability> Seen<C> {
    /// The answer to a read, or `None` if it has not been read yet.
    ///
    /// # Errors
    /// Why this one could not be read. Who can do without it may treat it as
    /// the matter of one object; who cannot passes it on.
    pub fn read<O: Operation<Capability = C>>(&mut self, operation: &O) -> Result<Option<O::Output>, Error> {
        let call = operation.call()?;
        match self.answers.get(&(call.name.clone(), call.args.clone())) {
            Some(Ok(text)) => parse::<O>(text).map(Some),
            Some(Err(error)) => Err(error.clone()),
            None => {
                if !self.wanted.contains(&call) {
                    self.wanted.push(call);
                }
                Ok(None)
            }
        }
    }

    /// Runs `compare` until everything that it asks for has been read.
    ///
    /// # Errors
    /// Those of `compare`; `failed` if it never stops asking.
    pub fn settle<T>(
        connection: &Connection<C>,
        mut compare: impl FnMut(&mut Self) -> Result<T, Error>,
    ) -> Result<T, Error> {
        let mut seen = Self::default();
        for _ in 0..MOST_ROUNDS {
            let result = compare(&mut seen)?;
            if seen.wanted.is_empty() {
                return Ok(result);
            }
            let wanted = std::mem::take(&mut seen.wanted);
            let answers = connection.hand_over(&wanted);
            let keys = wanted.into_iter().map(|call| (call.name, call.args));
            seen.answers.extend(keys.zip(answers));
        }
        Err(Error::failed(format!("the plugin still asks for more after {MOST_ROUNDS} rounds of reading")))
    }
}
