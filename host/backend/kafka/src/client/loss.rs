//! Configurations by which a broker drops records that it keeps now.

/// Those that are looked at.
pub(crate) const GUARDED: &[&str] = &["cleanup.policy", "retention.bytes", "retention.ms"];

/// Whether records may be dropped when this configuration goes from one value
/// to another. What it is now may not be known.
pub(crate) fn drops(config: &str, before: Option<&str>, after: &str) -> bool {
    if !GUARDED.contains(&config) {
        return false;
    }
    let Some(before) = before else { return true };
    if config == "cleanup.policy" {
        let before: Vec<&str> = before.split(',').map(str::trim).collect();
        return after.split(',').map(str::trim).any(|policy| !policy.is_empty() && !before.contains(&policy));
    }
    match (before.trim().parse::<i64>(), after.trim().parse::<i64>()) {
        // Below zero is without end.
        (Ok(before), Ok(after)) => after >= 0 && (before < 0 || after < before),
        _ => true,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shorter_and_otherwise_drops() {
        let cases = [
            ("retention.ms", Some("1000"), "999", true),
            ("retention.ms", Some("1000"), "1000", false),
            ("retention.ms", Some("1000"), "-1", false),
            ("retention.ms", Some("-1"), "1000", true),
            ("retention.bytes", Some("-1"), "0", true),
            ("retention.bytes", None, "-1", true),
            ("cleanup.policy", Some("delete"), "compact", true),
            ("cleanup.policy", Some("delete"), "compact,delete", true),
            ("cleanup.policy", Some("compact,delete"), "delete", false),
            ("cleanup.policy", Some("compact,delete"), "delete, compact", false),
            ("min.insync.replicas", Some("2"), "1", false),
        ];
        for (config, before, after, expected) in cases {
            assert_eq!(drops(config, before, after), expected, "{config} {before:?} {after}");
        }
    }
}
