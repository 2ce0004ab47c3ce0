//! Host names, and IP addresses that look like them.

use std::net::Ipv6Addr;

/// What stands where a host name belongs.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Host {
    /// A name.
    Name,
    /// An IPv4 address, or what resolvers take for one.
    V4,
    /// An IPv6 address, in brackets or without.
    V6,
    /// Neither.
    Wrong,
}

/// What a host is. A name whose last label is a number (`1`, `0x7f`, `017`)
/// is no name: resolvers take `2130706433` and `0x7f.1` as addresses.
pub(crate) fn host(text: &str) -> Host {
    let bare = text.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')).unwrap_or(text);
    let without_zone = bare.split_once('%').map_or(bare, |(address, _)| address);
    if without_zone.parse::<Ipv6Addr>().is_ok() {
        return Host::V6;
    }
    let name = text.strip_suffix('.').unwrap_or(text);
    let labels = || name.split('.');
    if name.len() > 253 || labels().any(|label| !is_label(label)) {
        return Host::Wrong;
    }
    if labels().next_back().is_some_and(is_number) { Host::V4 } else { Host::Name }
}

fn is_label(label: &str) -> bool {
    (1..=63).contains(&label.len()) && label.bytes().all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_'))
}

fn is_number(label: &str) -> bool {
    let digits = label.strip_prefix("0x").or_else(|| label.strip_prefix("0X"));
    match digits {
        Some(hexadecimal) => hexadecimal.bytes().all(|b| b.is_ascii_hexdigit()),
        None => label.bytes().all(|b| b.is_ascii_digit()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_names() {
        for name in ["postgres", "localhost", "kafka-1", "db.example.com", "db.example.com.", "a_b", "1and1.de", "0xg"]
        {
            assert_eq!(host(name), Host::Name, "{name}");
        }
    }

    #[test]
    fn addresses_are_seen_in_every_dress() {
        for v4 in
            ["127.0.0.1", "127.1", "2130706433", "0x7f.1", "0x7f000001", "0177.0.0.1", "127.0.0.1.", "1.2.3.4.5", "0x"]
        {
            assert_eq!(host(v4), Host::V4, "{v4}");
        }
        for v6 in ["::1", "[::1]", "fe80::1%eth0", "[::ffff:127.0.0.1]", "2001:db8::1"] {
            assert_eq!(host(v6), Host::V6, "{v6}");
        }
    }

    #[test]
    fn the_rest_is_wrong() {
        for wrong in ["", ".", "a..b", "postgres:5432", "http://minio", "a b", "bücher", "a/b", "user@host", "[::1"] {
            assert_eq!(host(wrong), Host::Wrong, "{wrong}");
        }
    }
}
