//! Speaks of things that this version of the contract does not have.
use hyhost_guests::{manifest, types::Manifest};

hyhost_guests::only_describes!(Manifest {
    extensions: vec![("plans-itself".to_owned(), "true".to_owned())],
    ..manifest("describe-newer")
});
