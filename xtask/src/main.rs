//! Everything that is not plain cargo.

mod generate;
mod plugins;

fn main() {}
