//! Panics while it says what it is.
hyhost_guests::only_describes!({
    hyhost_guests::speak_in_panic();
    panic!("no manifest\n\u{1b}[2Jtoday")
});
