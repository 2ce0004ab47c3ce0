//! Provisioning documents: from a directory of YAML to a typed [`Stack`], or
//! to all mistakes at once.
//!
//! The way of a document: files are read and parsed with places
//! (`directory`, `yaml`), put together (`merge`), chosen from (`choose`);
//! then connections and the heads of targets are typed, `desired` is filled
//! in beside its plugin's schema (`desired`), checked (`violations`), and its
//! marks tell what it names (`objects`), from which grants and secrets
//! follow. Everything reports into one `Report`, which alone knows what of a
//! line may be shown.

mod body;
mod bounded;
mod choose;
mod connections;
mod core_schema;
mod desired;
mod directory;
mod duplicates;
mod duration;
mod editor_schema;
mod fields;
mod grants;
mod graph;
mod heads;
mod http;
mod interpolate;
mod ip;
mod item;
mod kafka;
mod load;
mod mark_clash;
mod marks;
mod merge;
mod model;
mod objects;
mod place;
mod prune;
mod render;
mod report;
mod rule;
mod schema;
mod schema_check;
mod secret;
mod secrets;
mod server;
mod settings;
mod source;
mod suggest;
mod targets;
mod violations;
mod yaml;

pub use editor_schema::schema;
pub use load::{Documents, load};
pub use model::*;
pub use place::Place;
pub use render::Part;
pub use rule::Rule;
pub use secret::Secret;
pub use server::*;
