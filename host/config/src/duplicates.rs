//! The same object declared in two places.

use std::collections::BTreeMap;

use hyhost_table::Name;

use crate::Rule;
use crate::report::Report;
use crate::source::Spot;

/// Every declared object of the directory so far.
#[derive(Default)]
pub(crate) struct Declared {
    /// By server, kind and name: the target, and where.
    objects: BTreeMap<(String, String, Name), (String, Spot)>,
}

impl Declared {
    /// Declares an object; a second time is a mistake that shows both places.
    pub fn add(&mut self, server: &str, kind: &str, name: &Name, target: &str, spot: Spot, report: &mut Report) {
        let key = (server.to_owned(), kind.to_owned(), name.clone());
        match self.objects.get(&key) {
            None => {
                self.objects.insert(key, (target.to_owned(), spot));
            }
            Some((first, _)) if first == target => {
                let other = self.objects[&key].1;
                let problem = format!("the {kind} `{name}` is declared twice in `{target}`");
                report.mistake(Rule::DuplicateObject, spot, problem).help("keep one of them").other(other);
            }
            Some((first, other)) => {
                let problem =
                    format!("the {kind} `{name}` of the server {server} is declared by `{target}` and by `{first}`");
                report
                    .mistake(Rule::DuplicateObject, spot, problem)
                    .help("let one target declare it; another may refer to it, and wait with `after`")
                    .other(*other);
            }
        }
    }
}
