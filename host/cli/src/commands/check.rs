//! The commands that need no server.

use anyhow::Context;
use hyhost_sandbox::{Limits, Sandbox};

use crate::args::{Common, Compile, Inspect, Plugins, Work};
use crate::commands::{FAILED, OK};
use crate::load::Unusable;
use crate::{load, output};

/// `hyhost validate`.
pub(crate) fn validate(common: &Common, args: &Work) -> anyhow::Result<u8> {
    let stack = match load::work(args) {
        Ok(loaded) => loaded.stack,
        Err(Unusable::Mistakes(mistakes)) => {
            output::mistakes(common, &mistakes);
            return Ok(FAILED);
        }
        Err(Unusable::Error(error)) => return Err(error),
    };
    output::notes(common, &stack.notes);
    if output::is_human(common) {
        let (targets, connections) = (stack.targets.len(), stack.connections.len());
        let directory = stack.directory.display();
        output::line(&format!("{directory}: no mistakes; {targets} targets on {connections} connections"))?;
    } else {
        output::json(&serde_json::json!({
            "event": "valid",
            "documents": stack.digest,
            "targets": stack.targets.iter().map(|target| &target.name).collect::<Vec<_>>(),
        }))?;
    }
    Ok(OK)
}

/// `hyhost schema`.
pub(crate) fn schema(args: &Plugins) -> anyhow::Result<u8> {
    let (_sandbox, plugins) = load::without_documents(args)?;
    let manifests: Vec<_> = plugins.iter().map(|plugin| plugin.manifest().clone()).collect();
    let text = serde_json::to_string_pretty(&hyhost_config::schema(&manifests))?;
    output::line(&text)?;
    Ok(OK)
}

/// `hyhost inspect`.
pub(crate) fn inspect(common: &Common, args: &Inspect) -> anyhow::Result<u8> {
    let sandbox = Sandbox::new(Limits::default()).context("the sandbox cannot be set up")?;
    let plugins = load::plugins(&sandbox, std::slice::from_ref(&args.plugin), &Default::default(), None)?;
    for plugin in &plugins {
        output::inspect::print(common, plugin)?;
    }
    Ok(OK)
}

/// `hyhost compile`.
pub(crate) fn compile(common: &Common, args: &Compile) -> anyhow::Result<u8> {
    let files = load::expand(&args.plugins)?;
    let sandbox = Sandbox::new(Limits::default()).context("the sandbox cannot be set up")?;
    let compiled = sandbox.compile(&files, &args.to).map_err(|errors| {
        let texts: Vec<String> = errors.iter().map(ToString::to_string).collect();
        anyhow::anyhow!("{}", texts.join("\nerror: "))
    })?;
    for file in compiled {
        if output::is_human(common) {
            let what = if file.written { "written" } else { "was there" };
            output::line(&format!("{} → {} ({what}, {} bytes)", file.path.display(), file.file.display(), file.bytes))?;
        } else {
            output::json(&serde_json::json!({
                "event": "compiled", "plugin": file.plugin, "path": file.path, "file": file.file,
                "bytes": file.bytes, "written": file.written,
            }))?;
        }
    }
    Ok(OK)
}
