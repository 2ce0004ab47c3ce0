//! The tables that hyhost comes with.

use std::sync::LazyLock;

use crate::Table;

static SQL: LazyLock<Table> = LazyLock::new(|| read(include_str!("sql.yaml")));
static S3: LazyLock<Table> = LazyLock::new(|| read(include_str!("s3.yaml")));
static KAFKA: LazyLock<Table> = LazyLock::new(|| read(include_str!("kafka.yaml")));

/// PostgreSQL: statement forms, catalogue reads, scripts.
pub fn sql() -> &'static Table {
    &SQL
}

/// S3: buckets and their configuration.
pub fn s3() -> &'static Table {
    &S3
}

/// Kafka: topics, ACLs, SCRAM users.
pub fn kafka() -> &'static Table {
    &KAFKA
}

/// The shipped table of a capability.
pub fn shipped(capability: &str) -> Option<&'static Table> {
    match capability {
        "sql" => Some(sql()),
        "s3" => Some(s3()),
        "kafka" => Some(kafka()),
        _ => None,
    }
}

#[allow(clippy::panic, reason = "the text is part of this program, and a test reads it")]
fn read(text: &str) -> Table {
    match serde_saphyr::from_str(text) {
        Ok(table) => table,
        Err(error) => panic!("a shipped table cannot be read: {error}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Verb;

    #[test]
    fn every_place_of_a_row_is_one_of_its_arguments() {
        for table in [sql(), s3(), kafka()] {
            for row in &table.rows {
                let has = |arg: &str| row.args.contains_key(arg) || row.args.contains_key(&format!("{arg}?"));
                let names = row.names.iter().flat_map(|n| &n.at);
                let contents = row.content.iter().map(|c| &c.at);
                let conditions = row.names.iter().flat_map(|n| n.when.keys());
                for arg in names.chain(conditions).chain(contents) {
                    assert!(has(arg), "{}: {arg}", row.name);
                }
                for sink in &row.sinks {
                    assert!(has(sink.at.trim_start_matches('/')), "{}: {}", row.name, sink.at);
                }
            }
        }
    }

    #[test]
    fn what_reads_is_named_like_a_read() {
        for table in [sql(), s3(), kafka()] {
            for row in &table.rows {
                let reads = ["Read", "List", "Get", "Describe", "PasswordMatches"].iter().any(|p| row.name.starts_with(p));
                assert_eq!(row.phase() == Verb::Read, reads, "{}", row.name);
            }
        }
    }

    #[test]
    fn names_of_rows_are_unique() {
        for table in [sql(), s3(), kafka()] {
            let mut names: Vec<_> = table.rows.iter().map(|r| &r.name).collect();
            names.sort();
            names.dedup();
            assert_eq!(names.len(), table.rows.len());
        }
    }
}
