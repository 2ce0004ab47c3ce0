//! Values of configurations: as documents and as brokers write them.

use std::collections::BTreeSet;

use serde_json::Value;

/// Lists whose order says nothing.
const SETS: &[&str] = &["cleanup.policy"];

/// A document's value as Kafka takes it: numbers and booleans become texts, a
/// list is joined by commas.
pub(crate) fn text(value: &Value) -> String {
    match value {
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(text).collect::<Vec<_>>().join(","),
        other => other.to_string(),
    }
}

/// Whether two values of a configuration mean the same. Brokers write numbers
/// and booleans in a form of their own.
pub(crate) fn same(config: &str, one: &str, other: &str) -> bool {
    if one == other {
        return true;
    }
    if SETS.contains(&config) {
        return items(one) == items(other);
    }
    let number = |text: &str| text.trim().parse::<f64>().ok();
    // Numbers that a float does not hold exactly are compared as texts.
    let exact = |number: &f64| number.abs() < 9_007_199_254_740_992.0;
    match (number(one).filter(exact), number(other).filter(exact)) {
        (Some(one), Some(other)) => one == other,
        _ => {
            let word = |text: &str| text.trim().to_ascii_lowercase();
            let boolean = |text: &str| matches!(text, "true" | "false");
            let (one_word, other_word) = (word(one), word(other));
            if boolean(&one_word) || boolean(&other_word) {
                return one_word == other_word;
            }
            one.split(',').map(str::trim).eq(other.split(',').map(str::trim))
        }
    }
}

fn items(text: &str) -> BTreeSet<&str> {
    text.split(',').map(str::trim).filter(|item| !item.is_empty()).collect()
}

/// Whether records may be dropped when a configuration goes from one value to
/// another. The host looks too, and lets no such change pass as a `write`.
pub(crate) fn drops(config: &str, before: &str, after: &str) -> bool {
    match config {
        "cleanup.policy" => !items(after).is_subset(&items(before)),
        "retention.ms" | "retention.bytes" => match (before.trim().parse::<i64>(), after.trim().parse::<i64>()) {
            // Below zero is without end.
            (Ok(before), Ok(after)) => after >= 0 && (before < 0 || after < before),
            _ => true,
        },
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_become_texts() {
        for (value, expected) in [
            (json!("7"), "7"),
            (json!(604_800_000), "604800000"),
            (json!(0.5), "0.5"),
            (json!(true), "true"),
            (json!(["compact", "delete"]), "compact,delete"),
        ] {
            assert_eq!(text(&value), expected);
        }
    }

    #[test]
    fn what_means_the_same_is_the_same() {
        let cases = [
            ("retention.ms", "1000", "1000", true),
            ("retention.ms", "1000", "1001", false),
            ("retention.ms", "9223372036854775807", "9223372036854775806", false),
            ("min.cleanable.dirty.ratio", "0.50", "0.5", true),
            ("cleanup.policy", "compact,delete", "delete, compact", true),
            ("cleanup.policy", "compact", "delete", false),
            ("preallocate", "TRUE", "true", true),
            ("preallocate", "true", "false", false),
            ("compression.type", "zstd", "ZSTD", false),
            ("leader.replication.throttled.replicas", "0:1, 1:2", "0:1,1:2", true),
        ];
        for (config, one, other, expected) in cases {
            assert_eq!(same(config, one, other), expected, "{config} {one} {other}");
        }
    }

    #[test]
    fn shorter_and_otherwise_drops() {
        assert!(drops("retention.ms", "1000", "999") && drops("retention.bytes", "-1", "5"));
        assert!(!drops("retention.ms", "1000", "-1") && !drops("retention.ms", "1000", "1001"));
        assert!(drops("cleanup.policy", "delete", "compact") && !drops("cleanup.policy", "compact,delete", "compact"));
        assert!(!drops("min.insync.replicas", "2", "1"));
    }
}
