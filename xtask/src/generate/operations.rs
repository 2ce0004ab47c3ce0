//! The SDK's typed operations, from a capability's table.

use std::fmt::Write as _;

use anyhow::{Context, Result};
use hyhost_table::{Row, Table};

use super::types::{Types, field};

/// The Rust text: for each row a structure of its arguments, and the
/// structures of the answers. `capability` is the type that stands for it.
pub fn generate(table: &Table, capability: &str) -> Result<String> {
    let mut types = Types::new(&table.defs);
    let mut rows = String::new();
    for row in &table.rows {
        let text = operation(row, capability, &mut types);
        rows.push_str(&text.with_context(|| format!("the row {} of {}", row.name, table.capability))?);
    }
    let mut text = String::new();
    writeln!(text, "// Written by `cargo xtask generate` from host/table/src/{}.yaml.", table.capability)?;
    text.push_str("\nuse serde::{Deserialize, Serialize};\n\n");
    writeln!(text, "use super::{capability};")?;
    text.push_str(if rows.contains("SecretName") {
        "use crate::{Operation, SecretName};\n\n"
    } else {
        "use crate::Operation;\n\n"
    });
    text.push_str(&rows);
    for structure in types.structs() {
        text.push_str(structure);
        text.push('\n');
    }
    Ok(text)
}

fn operation(row: &Row, capability: &str, types: &mut Types<'_>) -> Result<String> {
    let name = &row.name;
    let output = match &row.returns {
        None => "()".to_owned(),
        Some(schema) => types.rust(schema, answer_name(name))?,
    };
    let mut fields = String::new();
    // What must be said has no sensible default, if it is the name of a
    // secret.
    let mut default = "Default, ";
    for (key, schema) in &row.args {
        let (key, optional) = match key.strip_suffix('?') {
            Some(key) => (key, true),
            None => (key.as_str(), false),
        };
        let rust = types.rust(schema, &format!("{name}{}", super::types::pascal(key)))?;
        if rust == "SecretName" && !optional {
            default = "";
        }
        fields.push_str(&field(key, &rust, schema, optional));
    }
    let mut text = String::new();
    for line in row.summary.lines() {
        writeln!(text, "/// {line}")?;
    }
    if !row.names.is_empty() {
        writeln!(text, "///\n/// Touches: {}.", super::reference::touches(row).join("; "))?;
    }
    writeln!(text, "#[allow(missing_docs, reason = \"the names say it\")]")?;
    writeln!(text, "#[derive(Debug, Clone, {default}PartialEq, Serialize)]")?;
    if fields.is_empty() {
        writeln!(text, "pub struct {name} {{}}\n")?;
    } else {
        writeln!(text, "pub struct {name} {{\n{fields}}}\n")?;
    }
    writeln!(text, "impl Operation for {name} {{")?;
    writeln!(text, "type Capability = {capability};\ntype Output = {output};")?;
    writeln!(text, "const NAME: &'static str = \"{name}\";\n}}\n")?;
    Ok(text)
}

/// What the structure of the answer is called: `Roles` of `ReadRoles`.
fn answer_name(row: &str) -> &str {
    let name = ["Read", "List", "Get", "Describe"].iter().find_map(|verb| row.strip_prefix(verb));
    name.unwrap_or(row)
}
