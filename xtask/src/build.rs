//! Building hyhost: for trying out, or as it is shipped.

use std::path::PathBuf;

use anyhow::{Context, Result, bail};

use crate::generate::root;
use crate::run::{cargo, echo};

/// How hyhost is built.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profile {
    Debug,
    /// As it is shipped: optimised, and one static file that is loaded
    /// anywhere and needs no image below it. Its relocations are packed
    /// (DT_RELR), so that there is less for the loader to read; what that
    /// spares a start has not been measured.
    Release,
}

const STATIC: &str = "-C target-feature=+crt-static -C link-arg=-Wl,-z,pack-relative-relocs";

/// Builds hyhost and tells where it is.
pub(crate) fn build(profile: Profile) -> Result<PathBuf> {
    let mut command = cargo("", &["build", "--workspace", "--bin", "hyhost", "--locked"]);
    let mut directory = PathBuf::new();
    match profile {
        Profile::Debug => directory.push("debug"),
        Profile::Release => {
            let target = host()?;
            // Of the target alone: proc macros cannot be static.
            let variable = format!("CARGO_TARGET_{}_RUSTFLAGS", target.to_uppercase().replace('-', "_"));
            command.args(["--release", "--target", &target]).env(variable, STATIC);
            directory.extend([target.as_str(), "release"]);
        }
    }
    let ended = echo(&mut command)?;
    if !ended.status.success() {
        bail!("hyhost does not build; what cargo said stands above");
    }
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root().join("target"), PathBuf::from);
    let hyhost = root().join(target).join(directory).join("hyhost");
    hyhost.metadata().with_context(|| format!("cargo built no {}", hyhost.display()))?;
    Ok(hyhost)
}

/// The triple of this machine.
fn host() -> Result<String> {
    let output =
        std::process::Command::new("rustc").arg("-vV").output().context("rustc cannot be asked for its host")?;
    let text = String::from_utf8_lossy(&output.stdout);
    let host = text.lines().find_map(|line| line.strip_prefix("host: "));
    host.map(str::to_owned).context("rustc names no host")
}
