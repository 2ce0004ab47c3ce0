//! Colours. They only repeat what the text says.

use anstyle::{AnsiColor, Style};
use hyhost_table::Action;

/// Something failed.
pub(crate) const ERROR: Style = AnsiColor::Red.on_default().bold();
/// Something odd, or something that a person should look at.
pub(crate) const WARN: Style = AnsiColor::Yellow.on_default();
/// Something worth knowing.
pub(crate) const NOTE: Style = AnsiColor::Cyan.on_default();
/// Something is as it should be.
pub(crate) const GOOD: Style = AnsiColor::Green.on_default();
/// What something is called.
pub(crate) const BOLD: Style = Style::new().bold();

/// The sign and the colour of an action.
pub(crate) fn action(action: Action) -> (char, Style) {
    match action {
        Action::Create => ('+', GOOD),
        Action::Update => ('~', WARN),
        Action::Destroy => ('!', ERROR),
        Action::Remove => ('-', ERROR),
    }
}

/// The text in a colour.
pub(crate) fn paint(style: Style, text: &str) -> String {
    format!("{}{text}{}", style.render(), style.render_reset())
}
