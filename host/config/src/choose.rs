//! `--target` and `--profile`.

use std::collections::BTreeSet;

use crate::fields::Reader;
use crate::report::Report;
use crate::yaml::{Entry, Kind};
use crate::{Options, Rule, suggest};

/// The names of the targets that this run is about.
pub(crate) fn choose(targets: &[Entry], options: &Options, reader: &mut Reader<'_>) -> BTreeSet<String> {
    let names: Vec<&str> = targets.iter().map(|entry| entry.key.as_str()).collect();
    let patterns: Vec<glob::Pattern> =
        options.targets.iter().filter_map(|text| pattern(text, &names, reader.report)).collect();
    let mut chosen = BTreeSet::new();
    for entry in targets {
        let profiles = profiles(entry, reader);
        let by_name = patterns.iter().any(|pattern| pattern.matches(&entry.key));
        let by_profile = profiles.is_empty() || profiles.iter().any(|profile| options.profiles.contains(profile));
        if by_name || (options.targets.is_empty() && by_profile) {
            chosen.insert(entry.key.clone());
        }
    }
    if chosen.is_empty() && !targets.is_empty() && reader.report.mistakes() == 0 {
        let given = if options.profiles.is_empty() {
            "no `--profile` was given".to_owned()
        } else {
            format!("the profiles given are {}", options.profiles.join(", "))
        };
        reader
            .report
            .mistake_anywhere(Rule::NothingChosen, format!("no target is left: each of them has profiles, and {given}"))
            .help(format!("choose with `--profile NAME` or `--target NAME`; targets: {}", suggest::list(&names)));
    }
    chosen
}

fn pattern(text: &str, names: &[&str], report: &mut Report) -> Option<glob::Pattern> {
    match glob::Pattern::new(text) {
        Ok(pattern) if names.iter().any(|name| pattern.matches(name)) => Some(pattern),
        Ok(_) => {
            report
                .mistake_anywhere(Rule::NothingChosen, format!("`--target {text}` matches no target"))
                .help_if(suggest::known(text, names.iter().copied()));
            None
        }
        Err(error) => {
            report
                .mistake_anywhere(Rule::Pattern, format!("`--target {text}` is not a pattern: {}", error.msg))
                .help("`*` stands for any characters, `?` for one");
            None
        }
    }
}

fn profiles(entry: &Entry, reader: &mut Reader<'_>) -> Vec<String> {
    let Kind::Map(fields) = &entry.value.kind else { return Vec::new() };
    let Some(field) = fields.iter().find(|field| field.key == "profiles") else { return Vec::new() };
    let what = format!("targets.{}.profiles", entry.key);
    reader.texts(&field.value, &what).into_iter().map(|(profile, _)| profile).collect()
}
