//! Stands for `Context::exact` and `Context::prune` until the SDK has them.
use hyhost_sdk::Context;

pub struct Prune;
impl Prune {
    pub fn is_empty(&self) -> bool {
        true
    }
    pub fn takes(&self, _: &[&str]) -> bool {
        false
    }
    pub fn with_data(&self, _: &[&str]) -> bool {
        false
    }
}
pub fn prune(_: &Context, _: &str) -> Prune {
    Prune
}
pub fn exact(_: &Context) -> bool {
    false
}
