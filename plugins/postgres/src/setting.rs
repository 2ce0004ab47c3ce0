//! Configuration parameters of a role's sessions: how a document writes them
//! and how the server writes them back.

use serde_json::Value;

/// A value of the document as the server's parser takes it.
pub(crate) fn text_of(value: &Value) -> String {
    match value {
        Value::Bool(true) => "on".to_owned(),
        Value::Bool(false) => "off".to_owned(),
        Value::String(text) => text.clone(),
        other => other.to_string(),
    }
}

/// Whether a stored setting means what the document says.
pub(crate) fn same(setting: &str, is: &str, wanted: &Value) -> bool {
    match wanted {
        Value::Bool(on) => {
            let words = if *on { ["on", "true", "yes", "1"] } else { ["off", "false", "no", "0"] };
            words.iter().any(|word| is.eq_ignore_ascii_case(word))
        }
        wanted if LISTS.iter().any(|list| list.eq_ignore_ascii_case(setting)) => items(is) == items(&text_of(wanted)),
        wanted => is == text_of(wanted),
    }
}

/// Settings that are lists of names, which the server writes back in its own
/// spelling (`GUC_LIST_QUOTE` in its sources).
const LISTS: &[&str] = &["search_path", "temp_tablespaces", "session_preload_libraries", "local_preload_libraries"];

/// The items of a list, without the quotes that an item may stand in.
fn items(text: &str) -> Vec<String> {
    let mut items = vec![String::new()];
    let mut quoted = false;
    let mut chars = text.chars().peekable();
    while let Some(c) = chars.next() {
        let Some(last) = items.last_mut() else { break };
        match c {
            '"' if quoted && chars.peek() == Some(&'"') => {
                chars.next();
                last.push('"');
            }
            '"' => quoted = !quoted,
            ',' if !quoted => items.push(String::new()),
            c if c.is_whitespace() && !quoted => {}
            c => last.push(c),
        }
    }
    items
}
