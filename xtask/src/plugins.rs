//! `cargo xtask plugins`: builds the guests and makes components of them.
