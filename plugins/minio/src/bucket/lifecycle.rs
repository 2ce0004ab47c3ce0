//! What a rule of a bucket's lifecycle removes.

use hyhost_sdk::s3::LifecycleRule;

/// Whether objects may be lost by the new rule that were not by the old one.
pub(super) fn destroys(new: &LifecycleRule, old: Option<&LifecycleRule>) -> bool {
    if !new.enabled || !removes(new) {
        return false;
    }
    let Some(old) = old.filter(|old| old.enabled && removes(old)) else { return true };
    // Other objects than before, or sooner.
    let scope = |rule: &LifecycleRule| (rule.prefix.clone(), rule.tags.clone(), rule.larger_than, rule.smaller_than);
    let sooner = |new: Option<i64>, old: Option<i64>| new.is_some_and(|new| old.is_none_or(|old| new < old));
    scope(new) != scope(old)
        || sooner(new.expire_days, old.expire_days)
        || new.expire_date.as_ref().is_some_and(|new| old.expire_date.as_ref().is_none_or(|old| new < old))
        || old_versions(new) && (!old_versions(old) || fewer_stay(new, old))
}

/// Whether it removes versions of objects: what else it may remove holds no
/// data that somebody could still read.
fn removes(rule: &LifecycleRule) -> bool {
    rule.expire_days.is_some() || rule.expire_date.is_some() || old_versions(rule)
}

fn old_versions(rule: &LifecycleRule) -> bool {
    rule.noncurrent_days.is_some() || rule.noncurrent_keep.is_some()
}

/// Whether old versions go sooner, or fewer of them stay.
fn fewer_stay(new: &LifecycleRule, old: &LifecycleRule) -> bool {
    new.noncurrent_days.unwrap_or_default() < old.noncurrent_days.unwrap_or_default()
        || new.noncurrent_keep.unwrap_or_default() < old.noncurrent_keep.unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn rule(mut value: Value) -> LifecycleRule {
        value["id"] = "a".into();
        value["enabled"] = value.get("enabled").cloned().unwrap_or(true.into());
        serde_json::from_value(value).unwrap()
    }

    #[test]
    fn what_removes_more_or_sooner_destroys() {
        let cases = [
            (json!({ "expire_days": 9 }), None, true),
            (json!({ "expire_days": 9, "enabled": false }), None, false),
            (json!({ "expire_delete_markers": true, "abort_multipart_days": 1 }), None, false),
            (json!({ "expire_days": 9 }), Some(json!({ "expire_days": 9 })), false),
            (json!({ "expire_days": 9 }), Some(json!({ "expire_days": 8 })), false),
            (json!({ "expire_days": 9 }), Some(json!({ "expire_days": 10 })), true),
            (json!({ "expire_days": 9 }), Some(json!({ "expire_days": 9, "enabled": false })), true),
            (json!({ "expire_days": 9 }), Some(json!({ "expire_days": 9, "prefix": "x" })), true),
            (json!({ "expire_days": 9, "prefix": "x" }), Some(json!({ "expire_days": 9, "prefix": "y" })), true),
            (json!({ "expire_date": "2030-01-01" }), Some(json!({ "expire_date": "2030-01-02" })), true),
            (json!({ "expire_date": "2030-01-03" }), Some(json!({ "expire_date": "2030-01-02" })), false),
            (json!({ "noncurrent_days": 3 }), Some(json!({ "expire_days": 3 })), true),
            (json!({ "noncurrent_days": 3 }), Some(json!({ "noncurrent_days": 2 })), false),
            (json!({ "noncurrent_days": 3 }), Some(json!({ "noncurrent_days": 3, "noncurrent_keep": 2 })), true),
            (json!({ "noncurrent_days": 3, "noncurrent_keep": 2 }), Some(json!({ "noncurrent_days": 3 })), false),
        ];
        for (new, old, expected) in cases {
            let told = format!("{new} after {old:?}");
            assert_eq!(destroys(&rule(new), old.map(rule).as_ref()), expected, "{told}");
        }
    }
}
