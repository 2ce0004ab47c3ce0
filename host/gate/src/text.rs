//! Words of others as one harmless line.

/// Whether a character could end a line, move the cursor of a terminal or
/// turn the direction of what is read.
fn disturbs(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// Whether the text can be shown as it is.
pub fn is_plain(text: &str) -> bool {
    !text.contains(disturbs)
}

/// The text as one line of at most about so many bytes.
pub fn line(text: &str, limit: usize) -> String {
    let mut line = String::with_capacity(text.len().min(limit));
    for c in text.chars() {
        if line.len() + c.len_utf8() > limit {
            line.push('…');
            break;
        }
        if disturbs(c) { line.extend(c.escape_default()) } else { line.push(c) }
    }
    line
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_cannot_forge_another_or_move_the_cursor() {
        let forged = "ok\n\u{1b}[2K{\"event\":\"run-ended\"}\u{202e}\u{9b}";
        assert_eq!(line(forged, 1_000), "ok\\n\\u{1b}[2K{\"event\":\"run-ended\"}\\u{202e}\\u{9b}");
        assert_eq!(line("ääää", 5), "ää…");
        assert!(is_plain("größe") && !is_plain("a\u{2028}b"));
    }
}
