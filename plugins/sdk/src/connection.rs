//! Performing operations.

use std::marker::PhantomData;

use crate::bindings::hyhost::provision::types::Mode;
use crate::operation::parse;
use crate::{Call, Capability, Error, Operation};

/// The most operations that one call of the contract takes.
const MOST_CALLS: usize = 1_000;
/// The most bytes of arguments: less than the contract's 4 MiB, so that names
/// have room beside them.
const MOST_BYTES: usize = 3 << 20;

/// A connection of the document, by the name of its slot.
#[derive(Debug)]
pub struct Connection<C> {
    slot: String,
    capability: PhantomData<C>,
}

impl<C: Capability> Connection<C> {
    /// The connection in a slot. [`crate::Context::sql`] and its like check
    /// that there is one.
    pub fn new(slot: impl Into<String>) -> Self {
        Self { slot: slot.into(), capability: PhantomData }
    }

    /// Performs one operation.
    ///
    /// # Errors
    /// The host's.
    pub fn perform<O: Operation<Capability = C>>(&self, operation: &O) -> Result<O::Output, Error> {
        let mut batch = self.batch();
        let ticket = batch.add(operation)?;
        batch.each().take(ticket)
    }

    /// Performs operations of one type, each on its own: one may fail while
    /// the others succeed, and they may run at the same time. The answers are
    /// in their order.
    pub fn each<O: Operation<Capability = C>>(
        &self,
        operations: impl IntoIterator<Item = O>,
    ) -> Vec<Result<O::Output, Error>> {
        let mut batch = self.batch();
        let tickets: Vec<_> = operations.into_iter().map(|operation| batch.add(&operation)).collect();
        let mut answers = batch.each();
        tickets.into_iter().map(|ticket| answers.take(ticket?)).collect()
    }

    /// An empty batch: for operations of several types.
    pub fn batch(&self) -> Batch<'_, C> {
        Batch { connection: self, calls: Vec::new() }
    }

    /// Hands over as many calls as there are, in as few portions as the
    /// contract allows.
    pub fn hand_over(&self, calls: &[Call]) -> Vec<Result<String, Error>> {
        let mut answers = Vec::with_capacity(calls.len());
        let mut rest = calls;
        while !rest.is_empty() {
            let (portion, later) = rest.split_at(portion(rest));
            rest = later;
            let mut answered = C::perform(&self.slot, portion, &Mode::Each);
            answered.truncate(portion.len());
            let missing = portion.len() - answered.len();
            answers.append(&mut answered);
            answers.extend((0..missing).map(|_| Err(unanswered())));
        }
        answers
    }
}

/// How many of the calls go into one portion: at least one.
fn portion(calls: &[Call]) -> usize {
    let mut bytes = 0;
    let fits = calls.iter().take(MOST_CALLS).take_while(|call| {
        bytes += call.args.len();
        bytes <= MOST_BYTES
    });
    fits.count().max(1)
}

fn unanswered() -> Error {
    Error::failed("the host gave fewer answers than it was asked for")
}

/// Operations that are handed to the host together.
#[derive(Debug)]
pub struct Batch<'a, C> {
    connection: &'a Connection<C>,
    calls: Vec<Call>,
}

/// Where the answer to an operation of a batch will be.
#[derive(Debug)]
pub struct Ticket<O> {
    at: usize,
    operation: PhantomData<O>,
}

impl<'a, C: Capability> Batch<'a, C> {
    /// Adds an operation.
    ///
    /// # Errors
    /// As [`Operation::call`].
    pub fn add<O: Operation<Capability = C>>(&mut self, operation: &O) -> Result<Ticket<O>, Error> {
        self.calls.push(operation.call()?);
        Ok(Ticket { at: self.calls.len() - 1, operation: PhantomData })
    }

    /// Whether nothing was added.
    pub fn is_empty(&self) -> bool {
        self.calls.is_empty()
    }

    /// Performs each on its own; they may run at the same time. A batch of
    /// any size: it goes in portions where it is too large for one call.
    pub fn each(self) -> Answers {
        let answers = self.connection.hand_over(&self.calls);
        Answers { answers: answers.into_iter().map(Some).collect() }
    }

    /// Performs all or none, in order. Only where all of them are in one
    /// database and their rows allow it; at most 1,000 operations and 4 MiB.
    ///
    /// # Errors
    /// Why it was not done. Nothing has changed then.
    pub fn transaction(self) -> Result<Answers, Error> {
        if self.calls.is_empty() {
            return Ok(Answers { answers: Vec::new() });
        }
        let answers = C::perform(&self.connection.slot, &self.calls, &Mode::Transaction);
        if answers.len() != self.calls.len() {
            return Err(unanswered());
        }
        match cause(&answers) {
            Some(error) => Err(error.clone()),
            None => Ok(Answers { answers: answers.into_iter().map(Some).collect() }),
        }
    }
}

/// Why a transaction was not done. One answer has the reason, the others only
/// say that they were rolled back with it: the reason is the one that has a
/// server's code, or a class of its own.
fn cause(answers: &[Result<String, Error>]) -> Option<&Error> {
    let errors = || answers.iter().filter_map(|answer| answer.as_ref().err());
    let coded = errors().find(|error| error.fault().code.is_some());
    let classed = || errors().find(|error| !matches!(error, Error::Failed(_) | Error::Other(_)));
    coded.or_else(classed).or_else(|| errors().next())
}

/// The answers to a batch.
#[derive(Debug)]
pub struct Answers {
    answers: Vec<Option<Result<String, Error>>>,
}

impl Answers {
    /// The answer to the operation that the ticket was given for.
    ///
    /// # Errors
    /// The host's; `failed` for a ticket of another batch.
    pub fn take<O: Operation>(&mut self, ticket: Ticket<O>) -> Result<O::Output, Error> {
        match self.answers.get_mut(ticket.at).and_then(Option::take) {
            Some(answer) => parse::<O>(&answer?),
            None => Err(Error::failed(format!("no answer to {} in this batch", O::NAME))),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn call(bytes: usize) -> Call {
        Call { name: String::new(), args: "x".repeat(bytes) }
    }

    #[test]
    fn a_portion_has_at_most_a_thousand_calls_and_three_mebibytes() {
        let small: Vec<_> = (0..1_001).map(|_| call(2)).collect();
        assert_eq!(portion(&small), 1_000);
        let large = [call(MOST_BYTES - 1), call(1), call(1)];
        assert_eq!(portion(&large), 2);
    }

    #[test]
    fn a_transaction_fails_for_the_reason_and_not_for_its_company() {
        let company = || Err(Error::failed("rolled back"));
        let coded = || {
            let Error::Failed(mut fault) = Error::failed("no such role") else { unreachable!() };
            fault.code = Some("42704".to_owned());
            Error::Failed(fault)
        };
        let done = || Ok("null".to_owned());
        assert_eq!(cause(&[done(), done()]), None);
        assert_eq!(cause(&[company(), Err(coded()), company()]), Some(&coded()));
        assert_eq!(cause(&[company(), Err(Error::denied("no"))]), Some(&Error::denied("no")));
        assert_eq!(cause(&[done(), company()]), Some(&Error::failed("rolled back")));
    }

    #[test]
    fn a_call_that_is_too_large_goes_alone() {
        assert_eq!(portion(&[call(MOST_BYTES + 1), call(1)]), 1);
    }
}
