//! The tables that hyhost comes with.

use std::sync::LazyLock;

use crate::Table;

/// By capability, in the order of the reference; each is read when it is first
/// asked for. A new backend is a line here, its table and its client.
static SHIPPED: [(&str, LazyLock<Table>); 4] = [
    ("sql", LazyLock::new(|| read(include_str!("sql.yaml")))),
    ("s3", LazyLock::new(|| read(include_str!("s3.yaml")))),
    ("kafka", LazyLock::new(|| read(include_str!("kafka.yaml")))),
    ("opensearch", LazyLock::new(|| read(include_str!("opensearch.yaml")))),
];

/// The shipped table of a capability.
pub fn shipped(capability: &str) -> Option<&'static Table> {
    SHIPPED.iter().find(|(name, _)| *name == capability).map(|(_, table)| &**table)
}

/// PostgreSQL: statement forms, catalogue reads, scripts.
pub fn sql() -> &'static Table {
    &SHIPPED[0].1
}

/// S3: buckets and their configuration.
pub fn s3() -> &'static Table {
    &SHIPPED[1].1
}

/// The capabilities of the shipped tables.
pub fn capabilities() -> impl Iterator<Item = &'static str> {
    SHIPPED.iter().map(|(name, _)| *name)
}

#[allow(clippy::panic, reason = "the text is part of this program, and a test reads it")]
fn read(text: &str) -> Table {
    match Table::from_yaml(text) {
        Ok(table) => table,
        Err(error) => panic!("a shipped table cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verb;

    fn tables() -> impl Iterator<Item = &'static Table> {
        capabilities().filter_map(shipped)
    }

    #[test]
    fn each_is_found_by_its_own_name() {
        for name in capabilities() {
            assert_eq!(shipped(name).map(|table| table.capability.as_str()), Some(name));
        }
    }

    #[test]
    fn the_shipped_tables_are_sound() {
        for table in tables() {
            assert_eq!(crate::problems(table), Vec::<String>::new(), "{}", table.capability);
        }
    }

    #[test]
    fn what_reads_is_named_like_a_read() {
        for table in tables() {
            for row in &table.rows {
                let words = ["Read", "List", "Get", "Describe", "PasswordMatches"];
                let reads = words.iter().any(|word| row.name.starts_with(word)) || row.name.ends_with("Matches");
                assert_eq!(row.phase() == Verb::Read, reads, "{}", row.name);
            }
        }
    }
}
