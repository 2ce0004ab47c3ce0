//! What a component may import and must export, said in words before the
//! engine says it in its own.

use wasmtime::Engine;
use wasmtime::component::Component;

use crate::convert::Wrong;
use crate::text;

const CONTRACT: &str = "hyhost:provision/";
const VERSION: &str = "0.2.";
/// The interfaces of the contract.
const INTERFACES: [&str; 8] = ["types", "sql", "s3", "kafka", "http", "files", "log", "audit"];
/// The packages of WASI 0.2 that are there, with nothing in them.
const WASI: [&str; 6] = ["cli", "clocks", "filesystem", "io", "random", "sockets"];
const EXPORTS: [&str; 4] = ["describe", "probe", "plan", "ensure"];

/// What a component imports.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Imports {
    /// The names, as the component writes them, sorted.
    pub(crate) names: Vec<String>,
    /// Whether one of them is of WASI.
    pub(crate) wasi: bool,
}

/// # Errors
/// The import's name and what to do about it.
pub(crate) fn imports(component: &Component, engine: &Engine) -> Result<Imports, (String, Wrong)> {
    let mut names: Vec<String> = component.component_type().imports(engine).map(|(name, _)| name.to_owned()).collect();
    names.sort();
    let mut wasi = false;
    for name in &names {
        wasi |= known(name).map_err(|remedy| (text::line(name, 128), remedy))?;
    }
    Ok(Imports { names, wasi })
}

/// Whether a known import is of WASI.
fn known(name: &str) -> Result<bool, Wrong> {
    let (interface, version) = name.split_once('@').unwrap_or((name, ""));
    if let Some(interface) = interface.strip_prefix(CONTRACT) {
        if !version.starts_with(VERSION) {
            return Err(format!(
                "it was built for another version of the contract; this hyhost has {VERSION}x: build it again with \
                 the SDK that belongs to this hyhost"
            ));
        }
        if !INTERFACES.contains(&interface) {
            return Err("this hyhost has no such capability: a newer one may".to_owned());
        }
        return Ok(false);
    }
    let package = interface.strip_prefix("wasi:").and_then(|rest| rest.split('/').next());
    match package {
        Some(package) if WASI.contains(&package) && version.starts_with("0.2.") => Ok(true),
        Some(package) if WASI.contains(&package) => {
            Err("only WASI 0.2 is there for plugins: build it for wasm32-wasip2 or wasm32-unknown-unknown".to_owned())
        }
        _ => Err(format!(
            "a plugin may import {CONTRACT}* alone, and reaches servers only through it (WASI 0.2 is there for \
             toolchains that need it, with nothing in it)"
        )),
    }
}

/// # Errors
/// The function that is missing.
pub(crate) fn exports(component: &Component, engine: &Engine) -> Result<(), &'static str> {
    let found = component.component_type();
    EXPORTS.into_iter().find(|name| found.get_export(engine, name).is_none()).map_or(Ok(()), Err)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_may_be_imported() {
        assert_eq!(known("hyhost:provision/sql@0.2.0"), Ok(false));
        assert_eq!(known("hyhost:provision/types@0.2.7"), Ok(false));
        assert_eq!(known("wasi:cli/environment@0.2.6"), Ok(true));
    }

    #[test]
    fn what_may_not_says_why() {
        let cases = [
            ("hyhost:provision/sql@0.1.0", "another version"),
            ("hyhost:provision/sql", "another version"),
            ("hyhost:provision/redis@0.2.0", "no such capability"),
            ("wasi:http/outgoing-handler@0.2.6", "alone"),
            ("wasi:cli/environment@0.3.0", "only WASI 0.2"),
            ("env", "alone"),
        ];
        for (name, expected) in cases {
            let problem = known(name).unwrap_err();
            assert!(problem.contains(expected), "{name}: {problem}");
        }
    }
}
