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
    /// By name and arguments; `None` is wanted.
    answers: BTreeMap<(String, String), Option<Result<String, Error>>>,
    capability: PhantomData<C>,
}

impl<C> Default for Seen<C> {
    fn default() -> Self {
        Self { answers: BTreeMap::new(), capability: PhantomData }
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
        match self.answers.entry((call.name, call.args)).or_default() {
            Some(Ok(text)) => parse::<O>(text).map(Some),
            Some(Err(error)) => Err(error.clone()),
            None => Ok(None),
        }
    }

    /// Performs what is wanted; whether there was anything.
    fn fill(&mut self, connection: &Connection<C>) -> bool {
        let wanted = self.answers.iter_mut().filter(|(_, answer)| answer.is_none());
        let (calls, places): (Vec<Call>, Vec<_>) =
            wanted.map(|((name, args), answer)| (Call { name: name.clone(), args: args.clone() }, answer)).unzip();
        for (place, answer) in places.into_iter().zip(connection.hand_over(&calls)) {
            *place = Some(answer);
        }
        !calls.is_empty()
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
            if !seen.fill(connection) {
                return Ok(result);
            }
        }
        Err(Error::failed(format!("the plugin still asks for more after {MOST_ROUNDS} rounds of reading")))
    }
}

#[cfg(test)]
mod tests {
    use std::cell::RefCell;
    use std::rc::Rc;

    use serde_json::json;

    use super::*;
    use crate::native::Host;
    use crate::s3::{GetBucketPolicy, GetBucketVersioning, ListBuckets};

    fn run<T>(
        answer: impl Fn(&str) -> Result<serde_json::Value, Error> + 'static,
        code: impl FnOnce() -> T,
    ) -> (T, Vec<String>) {
        let log = Rc::new(RefCell::new(Vec::new()));
        let asked = Rc::clone(&log);
        let host = Host::new(move |call| {
            asked.borrow_mut().push(format!("{} {} {}", call.round, call.name, call.args));
            answer(&call.name)
        });
        let result = host.run(code);
        (result, log.take())
    }

    #[test]
    fn each_read_is_performed_once_and_in_as_few_calls_as_possible() {
        let answer = |name: &str| Ok(if name == "ListBuckets" { json!([{ "name": "a" }]) } else { json!(null) });
        let (names, asked) = run(answer, || {
            Seen::settle(&Connection::new("s3"), |seen| {
                // Two kinds that know nothing of each other.
                let one = seen.read(&ListBuckets { names: None })?;
                let two = seen.read(&ListBuckets { names: None })?;
                for bucket in one.iter().flatten() {
                    seen.read(&GetBucketPolicy { bucket: bucket.name.clone() })?;
                    seen.read(&GetBucketVersioning { bucket: bucket.name.clone() })?;
                }
                Ok(two.map(|buckets| buckets[0].name.clone()))
            })
        });
        assert_eq!(names, Ok(Some("a".to_owned())));
        let expected =
            ["0 ListBuckets {}", r#"1 GetBucketPolicy {"bucket":"a"}"#, r#"1 GetBucketVersioning {"bucket":"a"}"#];
        assert_eq!(asked, expected);
    }

    #[test]
    fn an_error_is_the_answer_to_the_read_that_it_belongs_to() {
        let (result, asked) = run(
            |_| Err(Error::denied("no")),
            || {
                Seen::settle(&Connection::new("s3"), |seen| {
                    Ok(seen.read(&ListBuckets { names: None }).map_err(|error| error.fault().message.clone()))
                })
            },
        );
        assert_eq!((result, asked.len()), (Ok(Err("no".to_owned())), 1));
    }

    #[test]
    fn what_never_stops_asking_is_stopped() {
        let mut round = 0;
        let (result, _) = run(
            |_| Ok(json!([])),
            || {
                Seen::settle(&Connection::new("s3"), |seen| {
                    round += 1;
                    seen.read(&ListBuckets { names: Some(vec![round.to_string()]) })
                })
            },
        );
        assert!(matches!(result, Err(Error::Failed(_))));
    }
}
