//! The Rust side of the contract, by wit-bindgen.

use std::path::Path;

use anyhow::{Context, Result};
use wit_bindgen_core::{Files, WorldGenerator};
use wit_bindgen_rust::Opts;
use wit_parser::Resolve;

/// The bindings of the world `plugin` in the directory.
pub fn generate(wit: &Path) -> Result<String> {
    let mut resolve = Resolve::default();
    let (package, _) = resolve.push_path(wit).with_context(|| format!("{} cannot be read", wit.display()))?;
    let world = resolve.select_world(&[package], Some("plugin"))?;

    // A plan of nothing to do.
    let plan = "hyhost:provision/types@0.2.0/plan".to_owned();
    let options = Opts {
        format: true,
        generate_all: true,
        // The SDK defines its own `export!` on top of this one.
        pub_export_macro: true,
        export_macro_name: Some("export_bindings".to_owned()),
        additional_derive_attributes: vec!["PartialEq".to_owned()],
        additional_type_attributes: vec![(plan, "#[derive(Default)]".to_owned())],
        ..Opts::default()
    };

    let mut files = Files::default();
    options.build().generate(&mut resolve, world, &mut files)?;
    let (_, text) = files.iter().next().context("wit-bindgen wrote no file")?;
    Ok(String::from_utf8(text.to_vec())?)
}
