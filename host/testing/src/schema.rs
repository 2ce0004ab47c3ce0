//! Arguments and answers, checked against the row that promises them.

use std::collections::BTreeMap;

use hyhost_table::{Row, Table};
use jsonschema::Validator;
use serde_json::{Value, json};

/// The two schemas of one row, ready to be used.
struct Pair {
    args: Validator,
    returns: Validator,
}

/// The schemas of a table.
pub(crate) struct Schemas(BTreeMap<String, Result<Pair, String>>);

impl Schemas {
    /// Reads the schemas of all rows. One that is no schema is an error of its
    /// row's operations alone.
    pub(crate) fn new(table: &Table) -> Self {
        Self(table.rows.iter().map(|row| (row.name.clone(), pair(table, row))).collect())
    }

    /// What is wrong with the arguments.
    pub(crate) fn args(&self, row: &str, value: &Value) -> Result<(), String> {
        self.check(row, value, |pair| &pair.args)
    }

    /// What is wrong with the answer.
    pub(crate) fn returns(&self, row: &str, value: &Value) -> Result<(), String> {
        self.check(row, value, |pair| &pair.returns)
    }

    fn check(&self, row: &str, value: &Value, which: impl Fn(&Pair) -> &Validator) -> Result<(), String> {
        match self.0.get(row) {
            None => Err("the table has no such row".to_owned()),
            Some(Err(problem)) => Err(format!("its schema cannot be used: {problem}")),
            // Masked: the value may be one that nobody should print.
            Some(Ok(pair)) => which(pair)
                .validate(value)
                .map_err(|error| format!("at `{}`: {}", error.instance_path(), error.masked())),
        }
    }
}

fn pair(table: &Table, row: &Row) -> Result<Pair, String> {
    let args = row.schema(&table.defs);
    let returns = row.returns.clone().unwrap_or_else(|| json!({ "type": "null" }));
    let mut returns = match returns {
        Value::Object(map) => map,
        other => return Err(format!("`returns` is `{other}`")),
    };
    returns.insert("$defs".to_owned(), json!(table.defs));
    let compile = |schema: &Value| jsonschema::draft202012::new(schema).map_err(|error| error.to_string());
    Ok(Pair { args: compile(&args)?, returns: compile(&Value::Object(returns))? })
}
