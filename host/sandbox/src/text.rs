//! Words and JSON from a guest, made harmless before anything else sees them.

pub(crate) use hyhost_gate::text::{is_plain, line};
use serde_json::Value;

/// A JSON text may hold one value for so many of its bytes and no more: a
/// value takes 32 bytes in memory, so a text of commas would grow sixteenfold.
const BYTES_PER_VALUE: usize = 6;
/// What a text may hold whatever its size.
const VALUES: usize = 256;

/// Reads a JSON text whose values together cannot take much more memory than
/// the text itself.
///
/// # Errors
/// What is wrong with it, without any of its content.
pub(crate) fn json(text: &str) -> Result<Value, String> {
    if values(text) > VALUES + text.len() / BYTES_PER_VALUE {
        return Err("it has too many values for its size".to_owned());
    }
    serde_json::from_str(text).map_err(|error| {
        // The library's own words may quote the text.
        let what = if error.is_eof() { "it ends too early" } else { "it is not JSON" };
        format!("{what} at line {}, column {}", error.line(), error.column())
    })
}

/// How many values a JSON text has, and at least that many where it is none.
fn values(text: &str) -> usize {
    let (mut count, mut quoted, mut escaped) = (1, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if quoted => escaped = true,
            b'"' => quoted = !quoted,
            b',' | b'[' | b'{' if !quoted => count += 1,
            _ => {}
        }
    }
    count
}

/// The same value with every string and key as [`line`] would show it.
pub(crate) fn shown(value: Value) -> Value {
    let plain = |text: String| if is_plain(&text) { text } else { line(&text, usize::MAX) };
    match value {
        Value::String(text) => Value::String(plain(text)),
        Value::Array(items) => items.into_iter().map(shown).collect(),
        Value::Object(map) => Value::Object(map.into_iter().map(|(key, item)| (plain(key), shown(item))).collect()),
        other => other,
    }
}

/// How many levels a value has: 1 for a string, 2 for a list of strings.
pub(crate) fn depth(value: &Value) -> usize {
    1 + match value {
        Value::Array(items) => items.iter().map(depth).max().unwrap_or(0),
        Value::Object(map) => map.values().map(depth).max().unwrap_or(0),
        _ => 0,
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn a_text_of_commas_is_not_read() {
        assert!(json(&format!("[{}0]", "0,".repeat(20_000))).unwrap_err().contains("too many values"));
        assert_eq!(json(r#"{"a":"[,,\",,]"}"#), Ok(json!({ "a": "[,,\",,]" })));
        let words = vec!["a word of some length"; 20_000];
        assert!(json(&json!(words).to_string()).is_ok());
    }

    #[test]
    fn what_is_wrong_is_said_without_the_content() {
        let error = json("{\"password\": hunter2}").unwrap_err();
        assert_eq!(error, "it is not JSON at line 1, column 14");
        assert_eq!(json("[").unwrap_err(), "it ends too early at line 1, column 1");
        assert!(json(&"[".repeat(200)).is_err());
    }

    #[test]
    fn values_are_shown_in_one_line_each() {
        assert_eq!(shown(json!({ "a\nb": ["\u{1b}x", 1] })), json!({ "a\\nb": ["\\u{1b}x", 1] }));
        assert_eq!(depth(&json!([{ "a": 1 }])), 3);
    }
}
