//! Lengths of time and sizes of memory, as Compose writes them.

use std::time::Duration;

/// The units of time, longest first, in nanoseconds.
const UNITS: [(&str, u64); 5] =
    [("ms", 1_000_000), ("us", 1_000), ("h", 3_600_000_000_000), ("m", 60_000_000_000), ("s", 1_000_000_000)];

/// `90s`, `10m`, `1h30m`, `500ms`. `None`: it is none, or too long to count.
pub(crate) fn duration(text: &str) -> Option<Duration> {
    let mut rest = text;
    let mut total = 0u64;
    if rest.is_empty() {
        return None;
    }
    while !rest.is_empty() {
        let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (number, after) = rest.split_at(digits);
        let (unit, nanoseconds) = UNITS.iter().find(|(unit, _)| after.starts_with(unit))?;
        total = total.checked_add(number.parse::<u64>().ok()?.checked_mul(*nanoseconds)?)?;
        rest = &after[unit.len()..];
    }
    Some(Duration::from_nanos(total))
}

/// `64Mi`, `1Gi`, `512Ki` in bytes.
pub(crate) fn memory(text: &str) -> Option<u64> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let bytes = match unit {
        "Ki" => 1 << 10,
        "Mi" => 1 << 20,
        "Gi" => 1 << 30,
        _ => return None,
    };
    number.parse::<u64>().ok()?.checked_mul(bytes)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_durations() {
        assert_eq!(duration("90s"), Some(Duration::from_secs(90)));
        assert_eq!(duration("10m"), Some(Duration::from_secs(600)));
        assert_eq!(duration("1h30m"), Some(Duration::from_secs(5400)));
        assert_eq!(duration("500ms"), Some(Duration::from_millis(500)));
        assert_eq!(duration("1m500ms"), Some(Duration::from_millis(60_500)));
        for wrong in ["", "90", "s", "1d", "-5s", "1.5s", "5 s", "99999999999h"] {
            assert_eq!(duration(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn reads_sizes() {
        assert_eq!(memory("64Mi"), Some(67_108_864));
        assert_eq!(memory("1Gi"), Some(1 << 30));
        for wrong in ["", "64", "64M", "Mi", "6.4Mi", "-1Mi", "99999999999999Gi"] {
            assert_eq!(memory(wrong), None, "{wrong}");
        }
    }
}
