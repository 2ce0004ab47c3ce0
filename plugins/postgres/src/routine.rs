//! Functions are named with the types of their arguments. A document may write
//! them as people do (`f(int, varchar)`); the server has one spelling.

/// The name and the types of a signature; `None`: it is a name alone. The
/// types are all that stands in the last brackets, which end the text.
fn parts(signature: &str) -> Option<(&str, &str)> {
    signature.strip_suffix(')')?.rsplit_once('(')
}

/// The name without the types.
pub(crate) fn name(signature: &str) -> &str {
    parts(signature).map_or(signature, |(name, _)| name)
}

/// Whether it says no types, and so means whichever function has the name.
pub(crate) fn is_bare(signature: &str) -> bool {
    parts(signature).is_none()
}

/// In the server's spelling.
pub(crate) fn canonical(signature: &str) -> String {
    let Some((name, types)) = parts(signature) else { return signature.to_owned() };
    let types: Vec<String> = split(types).iter().map(|one| canonical_type(one)).collect();
    format!("{name}({})", types.join(", "))
}

/// At the commas outside of quotes.
fn split(types: &str) -> Vec<&str> {
    if types.trim().is_empty() {
        return Vec::new();
    }
    let mut quoted = false;
    types
        .split(move |c| {
            quoted ^= c == '"';
            c == ',' && !quoted
        })
        .collect()
}

/// What people call the types that have another name in the server's answers.
const ALIASES: [(&str, &str); 19] = [
    ("bool", "boolean"),
    ("int", "integer"),
    ("int2", "smallint"),
    ("int4", "integer"),
    ("int8", "bigint"),
    ("float", "double precision"),
    ("float4", "real"),
    ("float8", "double precision"),
    ("decimal", "numeric"),
    ("varchar", "character varying"),
    ("char", "character"),
    ("bpchar", "character"),
    ("varbit", "bit varying"),
    ("time", "time without time zone"),
    ("timetz", "time with time zone"),
    ("timestamp", "timestamp without time zone"),
    ("timestamptz", "timestamp with time zone"),
    ("char varying", "character varying"),
    ("dec", "numeric"),
];

fn canonical_type(written: &str) -> String {
    let written = written.trim();
    let (base, arrays) = match written.find('[') {
        Some(at) if !written.contains('"') => written.split_at(at),
        _ => (written, ""),
    };
    // Quoted names are as they are.
    if base.contains('"') {
        return written.to_owned();
    }
    let words = base.split_whitespace().map(str::to_ascii_lowercase).collect::<Vec<_>>().join(" ");
    let words = words.strip_prefix("pg_catalog.").unwrap_or(&words);
    let known = ALIASES.iter().find(|(alias, _)| *alias == words).map_or(words, |(_, name)| *name);
    // An array of arrays is an array.
    format!("{known}{}", if arrays.is_empty() { "" } else { "[]" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn signatures_are_spelt_as_the_server_does() {
        for (written, canonical) in [
            ("f", "f"),
            ("f()", "f()"),
            ("f( )", "f()"),
            ("f(int,  VarChar )", "f(integer, character varying)"),
            ("f(int8[][], timestamptz)", "f(bigint[], timestamp with time zone)"),
            ("f (x)(Double  Precision)", "f (x)(double precision)"),
            (r#"f(app."A,b"[], app.mood)"#, r#"f(app."A,b"[], app.mood)"#),
            ("f(pg_catalog.int4)", "f(integer)"),
        ] {
            assert_eq!(super::canonical(written), canonical);
        }
        assert_eq!((name("f(int)"), name("f")), ("f", "f"));
        assert!(is_bare("f") && !is_bare("f()"));
    }
}
