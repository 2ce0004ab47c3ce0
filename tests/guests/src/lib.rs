//! What the guests share: the contract's raw bindings, so that they can say
//! what the SDK would not let them say, and the ways to misbehave that need no
//! answer.

use std::hint::black_box;

pub use hyhost_sdk::bindings::hyhost::provision::{audit, files, log, sql, types};
pub use hyhost_sdk::bindings::{self, Guest};
use types::{Manifest, Wish};

/// A manifest as it should be.
pub fn manifest(name: &str) -> Manifest {
    Manifest {
        name: name.to_owned(),
        version: "0.1.0".to_owned(),
        summary: "A guest of the tests.".to_owned(),
        schema: "{}".to_owned(),
        capabilities: vec![Wish {
            slot: "db".to_owned(),
            capability: "sql".to_owned(),
            reason: "to try what it must not".to_owned(),
            extensions: Vec::new(),
        }],
        extensions: Vec::new(),
    }
}

/// Tells the host the words of a panic, as the SDK does.
pub fn speak_in_panic() {
    std::panic::set_hook(Box::new(|panic| log::write(&log::Level::Error, &panic.to_string())));
}

/// Computes for ever.
pub fn spin() -> ! {
    let mut n = 0_u64;
    loop {
        n = black_box(n.wrapping_add(1));
    }
}

/// Takes memory for ever.
pub fn eat() -> ! {
    let mut kept = Vec::new();
    loop {
        kept.push(black_box(vec![1_u8; 1 << 20]));
    }
}

/// Calls itself for ever, without a frame in its own memory.
#[allow(unconditional_recursion)]
pub fn dig(depth: u64) -> u64 {
    black_box(dig(black_box(depth + 1))) + 1
}

/// An operation.
pub fn operation(name: &str, args: impl ToString) -> types::Operation {
    types::Operation { name: name.to_owned(), args: args.to_string() }
}

/// Performs one operation on the slot `db`.
pub fn perform(name: &str, args: impl ToString) -> Result<String, types::Error> {
    sql::perform("db", &[operation(name, args)], &types::Mode::Each).remove(0)
}

/// The calls of a plugin that never get their turn.
#[macro_export]
macro_rules! only_describes {
    ($describe:expr) => {
        struct Only;
        impl $crate::Guest for Only {
            fn describe() -> $crate::types::Manifest {
                $describe
            }
            fn probe(_: $crate::types::Context) -> Result<$crate::types::Readiness, $crate::types::Error> {
                Ok($crate::types::Readiness::Ready)
            }
            fn plan(_: $crate::types::Context, _: Option<String>) -> Result<$crate::types::Plan, $crate::types::Error> {
                unreachable!()
            }
            fn ensure(
                _: $crate::types::Context,
                _: Vec<$crate::types::Change>,
            ) -> Vec<Result<$crate::types::Outcome, $crate::types::Error>> {
                unreachable!()
            }
        }
        hyhost_sdk::bindings::export_bindings!(Only with_types_in hyhost_sdk::bindings);
    };
}
