//! Points in time, as documents write them: the plugin sends and compares them
//! in UTC, whatever the server's time zone is.

/// What `valid_until` takes.
pub(crate) const PATTERN: &str =
    "^(infinity|[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?(Z|[+-][0-9]{2}:[0-9]{2}))?)$";

/// No end: what the server says of a role that never had one, too.
pub(crate) const NEVER: &str = "infinity";

/// A text of that pattern as the seconds since 1970; a day alone is its first
/// second in UTC. `None`: there is no such day or time.
pub(crate) fn seconds(text: &str) -> Option<i64> {
    let number = |at: std::ops::Range<usize>| text.get(at)?.parse::<i64>().ok();
    let (year, month, day) = (number(0..4)?, number(5..7)?, number(8..10)?);
    if !(1..=12).contains(&month) || !(1..=days_of(year, month)).contains(&day) {
        return None;
    }
    let days = days_before(year) + (1..month).map(|month| days_of(year, month)).sum::<i64>() + day - 1;
    let midnight = days * 86_400;
    if text.len() == 10 {
        return Some(midnight);
    }
    let (hour, minute) = (number(11..13)?, number(14..16)?);
    let (second, zone) = match text.get(16..)?.strip_prefix(':') {
        Some(_) => (number(17..19)?, text.get(19..)?),
        None => (0, text.get(16..)?),
    };
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let offset = match zone {
        "Z" => 0,
        zone => {
            let (hours, minutes) = zone.get(1..)?.split_once(':')?;
            let (hours, minutes): (i64, i64) = (hours.parse().ok()?, minutes.parse().ok()?);
            let ahead = hours * 3600 + minutes * 60;
            if zone.starts_with('-') { -ahead } else { ahead }
        }
    };
    Some(midnight + hour * 3600 + minute * 60 + second - offset)
}

/// As the server's answers write it: `2030-01-31T00:00:00Z`.
pub(crate) fn text(seconds: i64) -> String {
    let (days, rest) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
    // About: a year too early or too late.
    let mut year = 1970 + days * 400 / 146_097;
    while days_before(year) > days {
        year -= 1;
    }
    while days_before(year + 1) <= days {
        year += 1;
    }
    let (mut month, mut day) = (1, days - days_before(year));
    while day >= days_of(year, month) {
        day -= days_of(year, month);
        month += 1;
    }
    let (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60);
    format!("{year:04}-{month:02}-{:02}T{hour:02}:{minute:02}:{second:02}Z", day + 1)
}

fn is_leap(year: i64) -> bool {
    year % 4 == 0 && (year % 100 != 0 || year % 400 == 0)
}

fn days_of(year: i64, month: i64) -> i64 {
    match month {
        2 if is_leap(year) => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

/// The days from 1970 to the first of a year.
fn days_before(year: i64) -> i64 {
    let leaps = |year: i64| year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_read_and_written_in_utc() {
        for (written, utc) in [
            ("1970-01-01", "1970-01-01T00:00:00Z"),
            ("2000-02-29T23:59:59Z", "2000-02-29T23:59:59Z"),
            ("2030-01-31 01:30+02:00", "2030-01-30T23:30:00Z"),
            ("2024-12-31T20:00:00-05:30", "2025-01-01T01:30:00Z"),
            ("9999-12-31", "9999-12-31T00:00:00Z"),
            ("1900-03-01", "1900-03-01T00:00:00Z"),
        ] {
            assert_eq!(seconds(written).map(text).as_deref(), Some(utc), "{written}");
        }
        assert_eq!(seconds("2001-09-09T01:46:40Z"), Some(1_000_000_000));
    }

    #[test]
    fn what_is_no_day_is_none() {
        for wrong in ["2023-02-29", "2023-13-01", "2023-00-10", "2023-04-31", "2023-01-01T24:00Z", "2023-01-01T10:60Z"]
        {
            assert_eq!(seconds(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn every_day_is_its_own() {
        let mut last = String::new();
        for day in -40_000..60_000 {
            let text = text(day * 86_400);
            assert!(last.is_empty() || text > last, "{last} {text}");
            assert_eq!(seconds(&text), Some(day * 86_400));
            last = text;
        }
    }
}
