//! Places of a row, filled with arguments: in the path, the query, the body.

use std::fmt::Write as _;

use serde_json::{Map, Value};

/// The key of a template's object that puts all members of an argument there.
const SPREAD: &str = "...";

/// The path of a request: each `{arg}` is one segment, percent-encoded; a list
/// is joined by commas.
///
/// # Errors
/// The argument's name and what is wrong with it.
pub(crate) fn path(template: &str, args: &Value) -> Result<String, String> {
    let mut path = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, place)) = rest.split_once('{') {
        path.push_str(before);
        let (argument, after) =
            place.split_once('}').ok_or_else(|| format!("the path `{template}` of the row has no end of a place"))?;
        segment(&mut path, argument, args.get(argument).unwrap_or(&Value::Null))?;
        rest = after;
    }
    path.push_str(rest);
    Ok(path)
}

fn segment(path: &mut String, argument: &str, value: &Value) -> Result<(), String> {
    let texts: Option<Vec<String>> = match value {
        Value::Array(items) => items.iter().map(scalar).collect(),
        other => scalar(other).map(|text| vec![text]),
    };
    let texts = texts.filter(|texts| !texts.is_empty());
    let texts = texts.ok_or_else(|| format!("`{argument}` must be a text, or a list of texts"))?;
    for (at, text) in texts.iter().enumerate() {
        // The two would be taken for a way through the tree.
        if text.is_empty() || text == "." || text == ".." {
            return Err(format!("`{argument}` is `{text}`, which cannot stand in an address"));
        }
        if at > 0 {
            path.push(',');
        }
        encode(path, text);
    }
    Ok(())
}

/// A JSON pointer in which `{arg}` is one segment.
///
/// # Errors
/// The argument's name and what is wrong with it.
pub(crate) fn pointer(template: &str, args: &Value) -> Result<String, String> {
    let segments: Result<Vec<String>, String> = template
        .split('/')
        .map(|segment| match place(segment) {
            None => Ok(segment.to_owned()),
            Some(argument) => {
                let text = args.get(argument).and_then(Value::as_str);
                let text = text.ok_or_else(|| format!("`{argument}` must be a text"))?;
                Ok(text.replace('~', "~0").replace('/', "~1"))
            }
        })
        .collect();
    Ok(segments?.join("/"))
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(crate) fn encode(to: &mut String, text: &str) {
    for byte in text.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => to.push(char::from(byte)),
            byte => {
                let _ = write!(to, "%{byte:02X}");
            }
        }
    }
}

/// The query of a request with its `?`, or nothing: literals, and `{arg}`,
/// which is left out with its key where the argument is absent.
///
/// # Errors
/// The argument's name and what is wrong with it.
pub(crate) fn query<'a>(
    pairs: impl IntoIterator<Item = (&'a String, &'a String)>,
    args: &Value,
) -> Result<String, String> {
    let mut query = String::new();
    for (key, template) in pairs {
        let text = match place(template) {
            None => template.clone(),
            Some(argument) => match args.get(argument) {
                None | Some(Value::Null) => continue,
                Some(Value::Array(items)) => {
                    let texts: Option<Vec<String>> = items.iter().map(scalar).collect();
                    texts.ok_or_else(|| format!("`{argument}` must be a list of texts"))?.join(",")
                }
                Some(other) => scalar(other).ok_or_else(|| format!("`{argument}` must be a text"))?,
            },
        };
        query.push(if query.is_empty() { '?' } else { '&' });
        encode(&mut query, key);
        query.push('=');
        encode(&mut query, &text);
    }
    Ok(query)
}

/// The body of a request: any JSON in which `"{arg}"` is the argument, left
/// out with its key where it is absent. A key may be one as well, and the key
/// `...` stands for all members of an object. In a list `{each: "{arg}", put:
/// …}` stands for as many items as the argument has, `"{}"` in it for each;
/// `{with: "{arg}", put: …}` is there only if the argument is. `None`: there
/// is nothing.
///
/// # Errors
/// The argument's name and what is wrong with it.
pub(crate) fn body(template: &Value, args: &Value) -> Result<Option<Value>, String> {
    match template {
        Value::String(text) => Ok(match place(text) {
            None => Some(template.clone()),
            Some(argument) => args.get(argument).filter(|value| !value.is_null()).cloned(),
        }),
        Value::Array(items) => {
            let mut filled = Vec::new();
            for item in items {
                match (item.get("each"), item.get("with"), item.get("put")) {
                    (Some(each), None, Some(put)) => match body(each, args)? {
                        None => {}
                        Some(Value::Array(values)) => filled.extend(values.iter().map(|value| for_one(put, value))),
                        Some(_) => return Err("`each` must stand for a list".to_owned()),
                    },
                    (None, Some(with), Some(put)) => {
                        if body(with, args)?.is_some_and(|given| given != Value::Bool(false)) {
                            filled.extend(body(put, args)?);
                        }
                    }
                    _ => filled.extend(body(item, args)?),
                }
            }
            Ok(Some(Value::Array(filled)))
        }
        Value::Object(members) => {
            let mut filled = Map::new();
            // What is written out counts, wherever the spread stands.
            if let Some(spread) = members.get(SPREAD) {
                match body(spread, args)? {
                    None => {}
                    Some(Value::Object(all)) => filled = all,
                    Some(_) => return Err(format!("`{SPREAD}` must stand for an object")),
                }
            }
            for (key, template) in members.iter().filter(|(key, _)| *key != SPREAD) {
                let key = match place(key) {
                    None => key.clone(),
                    Some(argument) => match args.get(argument) {
                        None | Some(Value::Null) => continue,
                        Some(Value::String(text)) => text.clone(),
                        Some(_) => return Err(format!("`{argument}` must be a text")),
                    },
                };
                if let Some(value) = body(template, args)? {
                    filled.insert(key, value);
                }
            }
            Ok(Some(Value::Object(filled)))
        }
        other => Ok(Some(other.clone())),
    }
}

/// A template of `each` for one item.
fn for_one(template: &Value, item: &Value) -> Value {
    match template {
        Value::String(text) if text == "{}" => item.clone(),
        Value::Object(members) => {
            members.iter().map(|(key, template)| (key.clone(), for_one(template, item))).collect()
        }
        other => other.clone(),
    }
}

/// The argument that a text stands for, if all of it is a place.
fn place(text: &str) -> Option<&str> {
    text.strip_prefix('{')?.strip_suffix('}').filter(|name| !name.is_empty() && !name.contains(['{', '}', '"', ' ']))
}

fn scalar(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Bool(flag) => Some(flag.to_string()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use serde_json::json;

    use super::*;

    #[test]
    fn a_name_stays_one_segment_whatever_is_in_it() {
        let path = |name: Value| path("/_index_template/{name}/x", &json!({ "name": name }));
        assert_eq!(path(json!("a-b_c.d~e")).unwrap(), "/_index_template/a-b_c.d~e/x");
        assert_eq!(
            path(json!("a/../b?c#d%2e é*,")).unwrap(),
            "/_index_template/a%2F..%2Fb%3Fc%23d%252e%20%C3%A9%2A%2C/x"
        );
        assert_eq!(path(json!(["a", "b,c"])).unwrap(), "/_index_template/a,b%2Cc/x");
        assert_eq!(path(json!(7)).unwrap(), "/_index_template/7/x");
        for wrong in
            [json!(""), json!("."), json!(".."), json!([]), json!(null), json!(["a", "."]), json!({ "secret": "x" })]
        {
            assert!(path(wrong.clone()).is_err(), "{wrong}");
        }
    }

    #[test]
    fn a_pointer_has_places_too() {
        let args = json!({ "name": "a/b~c", "n": 1 });
        assert_eq!(pointer("/{name}/users", &args).unwrap(), "/a~1b~0c/users");
        assert!(pointer("/{n}", &args).is_err());
    }

    #[test]
    fn a_query_has_what_is_there() {
        let pairs = |pairs: &[(&str, &str)]| -> BTreeMap<String, String> {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let args = json!({ "n": 3, "list": ["a", "b&c"], "secret": { "secret": "x" } });
        let of = |given: &[(&str, &str)]| query(&pairs(given), &args);
        assert_eq!(
            of(&[("flat", "true"), ("if", "{n}"), ("l", "{list}"), ("z", "{absent}")]).unwrap(),
            "?flat=true&if=3&l=a%2Cb%26c"
        );
        assert_eq!(of(&[("z", "{absent}")]).unwrap(), "");
        assert!(of(&[("z", "{secret}")]).is_err());
    }

    #[test]
    fn a_body_is_a_template() {
        let args = json!({ "name": "a", "body": { "x": 1, "name": "other" }, "list": ["b"] });
        let cases = [
            (json!("{body}"), Some(json!({ "x": 1, "name": "other" }))),
            (json!("{absent}"), None),
            (
                json!({ "persistent": { "{name}": "{list}", "gone": "{absent}", "null": null } }),
                Some(json!({ "persistent": { "a": ["b"], "null": null } })),
            ),
            (json!({ "...": "{body}", "name": "{name}" }), Some(json!({ "x": 1, "name": "a" }))),
            (json!({ "...": "{absent}", "name": "literal {name}" }), Some(json!({ "name": "literal {name}" }))),
            (json!({ "aliases": { "{absent}": {} } }), Some(json!({ "aliases": {} }))),
            (json!(["{name}", "{absent}", 3]), Some(json!(["a", 3]))),
            (
                json!([{ "each": "{list}", "put": { "op": "add", "value": "{}" } }, { "each": "{absent}", "put": 1 },
                    { "with": "{name}", "put": { "x": "{name}" } }, { "with": "{absent}", "put": 1 }]),
                Some(json!([{ "op": "add", "value": "b" }, { "x": "a" }])),
            ),
        ];
        for (template, expected) in cases {
            assert_eq!(body(&template, &args), Ok(expected), "{template}");
        }
        assert!(body(&json!({ "...": "{list}" }), &args).is_err());
        assert!(body(&json!({ "{list}": 1 }), &args).is_err());
    }
}
