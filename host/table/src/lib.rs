//! The vocabulary of hyhost: what an operation is, what it touches, and what
//! a plan is made of.
//!
//! A capability is a [`Table`]: one [`Row`] for each operation, plain data in
//! one YAML file per capability. From the rows come the gate's checks, the
//! audit's summaries, the mocks, the reference in `docs/` and the SDK's types,
//! so that each of them is written once and holds for every backend. No client
//! lives here.

mod check;
mod name;
mod operation;
mod pattern;
mod plan;
mod row;
mod shipped;
mod sound;
mod touch;

pub use check::{ArgumentError, ContentUse, SecretUse};
pub use name::{Name, NameError};
pub use operation::{Mode, Operation};
pub use pattern::{Pattern, PatternError};
pub use plan::{Action, Change, Plan, Remark};
pub use row::{
    Content, Effect, EffectKind, FilePlace, HttpCall, HttpGuard, HttpList, HttpProof, NamePlace, Perform, Row, Sink,
    Statement, Table, TableError,
};
pub use shipped::{capabilities, s3, shipped, sql};
pub use sound::problems;
pub use touch::{Touch, Verb};
