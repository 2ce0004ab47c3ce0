//! Provisioning documents: from a directory of YAML to a typed [`Stack`], or
//! to all mistakes at once.

mod model;
mod place;
mod rule;
mod secret;

pub use model::*;
pub use place::Place;
pub use rule::Rule;
pub use secret::Secret;
