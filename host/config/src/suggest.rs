//! The nearest known name.

/// The known name that is most like `wrong`, if one is like it at all.
pub(crate) fn nearest<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<&'k str> {
    let lower = wrong.to_lowercase();
    let allowed = (wrong.chars().count() / 3).max(1);
    known
        .into_iter()
        .map(|name| (strsim::damerau_levenshtein(&lower, &name.to_lowercase()), name))
        .filter(|(distance, name)| *distance <= allowed || (lower.len() > 3 && name.to_lowercase().contains(&lower)))
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, name)| name)
}

/// `did you mean …? Known: …`.
pub(crate) fn known<'k>(wrong: &str, known: impl IntoIterator<Item = &'k str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    let list = list(&known);
    match (nearest(wrong, known.iter().copied()), known.is_empty()) {
        (_, true) => None,
        (Some(name), _) if known.len() == 1 => Some(format!("did you mean `{name}`?")),
        (Some(name), _) => Some(format!("did you mean `{name}`? Known: {list}")),
        (None, _) => Some(format!("known: {list}")),
    }
}

/// The names with commas; the first twenty.
pub(crate) fn list(names: &[&str]) -> String {
    const MOST: usize = 20;
    let shown = names.iter().take(MOST).copied().collect::<Vec<_>>().join(", ");
    match names.len().checked_sub(MOST) {
        Some(more) if more > 0 => format!("{shown} and {more} more"),
        _ => shown,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_what_was_meant() {
        assert_eq!(nearest("owener", ["name", "owner", "template"]), Some("owner"));
        assert_eq!(nearest("Owner", ["name", "owner"]), Some("owner"));
        assert_eq!(nearest("xyz", ["name", "owner"]), None);
        assert_eq!(nearest("conections", ["connections", "targets"]), Some("connections"));
    }

    #[test]
    fn long_lists_are_cut() {
        let names: Vec<String> = (0..25).map(|i| i.to_string()).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        assert!(list(&names).ends_with("19 and 5 more"));
    }
}
