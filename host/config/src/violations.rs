//! What a schema says against a value, in words and at its place.

use jsonschema::error::{TypeKind, ValidationErrorKind};
use jsonschema::paths::{Location, LocationSegment};
use jsonschema::{ValidationError, Validator};
use serde_json::Value;

use crate::item::{Data, Item};
use crate::report::Report;
use crate::schema::{At, Schema, called, own_types, type_of};
use crate::source::Spot;
use crate::yaml::shown_key;
use crate::{Rule, suggest};

/// Checks `desired` and reports all that is wrong.
pub(crate) fn check(validator: &Validator, schema: Schema<'_>, desired: &Item, value: &Value, report: &mut Report) {
    if validator.is_valid(value) {
        return;
    }
    let mut violations = Violations { schema, desired, report };
    for error in validator.iter_errors(value) {
        violations.error(&error);
    }
}

struct Violations<'a, 's> {
    schema: Schema<'s>,
    desired: &'a Item,
    report: &'a mut Report,
}

/// A place in `desired`.
struct Found<'a, 's> {
    item: &'a Item,
    /// Where its key stands, if it has one.
    key_spot: Option<Spot>,
    at: At<'s>,
    /// `databases[0]`, or `desired` for the whole.
    path: String,
}

impl<'a, 's> Violations<'a, 's> {
    fn find(&self, location: &Location) -> Found<'a, 's> {
        let mut found = Found {
            item: self.desired,
            key_spot: None,
            at: self.schema.start(self.desired.shape()),
            path: String::new(),
        };
        for segment in location {
            match segment {
                LocationSegment::Property(key) => {
                    let Some(field) = found.item.field(&key) else { break };
                    found.at = self.schema.field(&found.at, &key, field.value.shape());
                    found.item = &field.value;
                    found.key_spot = Some(field.key_spot);
                    if !found.path.is_empty() {
                        found.path.push('.');
                    }
                    found.path.push_str(shown_key(&key));
                }
                LocationSegment::Index(index) => {
                    let Some(item) = found.item.item(index) else { break };
                    found.at = self.schema.item(&found.at, index, item.shape());
                    found.item = item;
                    found.key_spot = None;
                    found.path.push_str(&format!("[{index}]"));
                }
            }
        }
        if found.path.is_empty() {
            found.path.push_str("desired");
        }
        found
    }

    fn error(&mut self, error: &ValidationError<'_>) {
        let found = self.find(error.instance_path());
        // What hangs on a variable that is not set has been said.
        if found.item.unresolved {
            return;
        }
        let Found { item, path, .. } = &found;
        let quoted = item.quoted();
        let hint = description(&found.at);
        let with_hint = |help: String| match &hint {
            Some(hint) => format!("{help} ({hint})"),
            None => help,
        };
        use ValidationErrorKind as Kind;
        let (rule, problem, help) = match error.kind() {
            Kind::AdditionalProperties { unexpected } | Kind::UnevaluatedProperties { unexpected } => {
                return self.unknown(&found, unexpected);
            }
            Kind::Required { property } => {
                let name = property.as_str().unwrap_or_default();
                if self.is_misspelt(&found, name) {
                    return;
                }
                let spot = found.key_spot.unwrap_or(item.spot);
                let help = match self.describe(&found, name) {
                    Some(about) => format!("add `{name}: …` ({about})"),
                    None => format!("add `{name}: …`"),
                };
                self.report.mistake(Rule::MissingField, spot, format!("`{path}` has no `{name}`")).help(help);
                return;
            }
            Kind::Type { kind } => {
                let wanted = match kind {
                    TypeKind::Single(wanted) => called(&wanted.to_string()).to_owned(),
                    TypeKind::Multiple(wanted) => wanted
                        .iter()
                        .map(|wanted| called(&wanted.to_string()).to_owned())
                        .collect::<Vec<_>>()
                        .join(" or "),
                };
                let problem = format!("`{path}` must be {wanted}, and {}", found_instead(item));
                (Rule::WrongType, problem, self.type_help(&found, &wanted))
            }
            Kind::Enum { options } => {
                let options: Vec<String> = options.as_array().into_iter().flatten().map(plain).collect();
                let options: Vec<&str> = options.iter().map(String::as_str).collect();
                let wrong = if item.secret || item.written.is_some() { "" } else { item.as_text().unwrap_or_default() };
                let problem = format!("`{path}` cannot be {quoted}");
                (Rule::WrongValue, problem, suggest::known(wrong, options.iter().copied()).unwrap_or_default())
            }
            Kind::Constant { expected_value } => {
                (Rule::WrongValue, format!("`{path}` cannot be {quoted}"), format!("write `{}`", plain(expected_value)))
            }
            Kind::Pattern { pattern } => {
                let help = hint.clone().unwrap_or_else(|| format!("it must match `{pattern}`"));
                (Rule::WrongForm, format!("`{path}`: {quoted} does not have the right form"), help)
            }
            Kind::Format { format } => (
                Rule::WrongForm,
                format!("`{path}`: {quoted} is not a valid {format}"),
                hint.clone().unwrap_or_default(),
            ),
            Kind::Minimum { limit } => bound(path, &quoted, "at least", limit),
            Kind::Maximum { limit } => bound(path, &quoted, "at most", limit),
            Kind::ExclusiveMinimum { limit } => bound(path, &quoted, "more than", limit),
            Kind::ExclusiveMaximum { limit } => bound(path, &quoted, "less than", limit),
            Kind::MultipleOf { multiple_of } => {
                (Rule::OutOfBounds, format!("`{path}`: {quoted} does not fit"), format!("a multiple of {multiple_of}"))
            }
            Kind::MinLength { limit: 1 } => {
                (Rule::OutOfBounds, format!("`{path}` is empty"), "give it a value".to_owned())
            }
            Kind::MinLength { limit } => length(path, "short", with_hint(format!("at least {limit} characters"))),
            Kind::MaxLength { limit } => length(path, "long", with_hint(format!("at most {limit} characters"))),
            Kind::MinItems { limit: 1 } => {
                (Rule::OutOfBounds, format!("`{path}` is empty"), "list at least one".to_owned())
            }
            Kind::MinItems { limit } => length(path, "short", with_hint(format!("at least {limit} items"))),
            Kind::MaxItems { limit } => length(path, "long", with_hint(format!("at most {limit} items"))),
            Kind::MinProperties { limit } => length(path, "small", with_hint(format!("at least {limit} fields"))),
            Kind::MaxProperties { limit } => length(path, "large", with_hint(format!("at most {limit} fields"))),
            Kind::UniqueItems => {
                if item.has_unresolved() {
                    return;
                }
                return self.twice(&found);
            }
            Kind::AnyOf { context } | Kind::OneOfNotValid { context } => return self.branches(&found, context),
            Kind::OneOfMultipleValid { .. } => {
                if item.has_unresolved() {
                    return;
                }
                (
                    Rule::WrongValue,
                    format!("`{path}` mixes forms that exclude each other"),
                    hint.clone().unwrap_or_default(),
                )
            }
            Kind::PropertyNames { error } => {
                let name = error.instance().as_str().unwrap_or_default().to_owned();
                let spot = item.field(&name).map_or(item.spot, |field| field.key_spot);
                let problem = format!("`{}` cannot be a key of `{path}`", shown_key(&name));
                let help = match error.kind() {
                    Kind::Pattern { pattern } => format!("keys must match `{pattern}`"),
                    Kind::Enum { options } => {
                        let options: Vec<String> = options.as_array().into_iter().flatten().map(plain).collect();
                        suggest::known(&name, options.iter().map(String::as_str)).unwrap_or_default()
                    }
                    _ => hint.clone().unwrap_or_else(|| "`hyhost schema` shows the rules".to_owned()),
                };
                self.report.mistake(Rule::WrongName, spot, problem).help(help);
                return;
            }
            Kind::FalseSchema => (Rule::UnknownField, format!("`{path}` cannot stand here"), "leave it out".to_owned()),
            Kind::Not { schema } if schema.get("enum").is_some() => (
                Rule::WrongValue,
                format!("`{path}` cannot be {quoted}"),
                hint.clone().unwrap_or_else(|| "choose another".to_owned()),
            ),
            _ => {
                if item.has_unresolved() {
                    return;
                }
                let problem = format!("`{path}` breaks the rule `{}` of the plugin's schema", error.kind().keyword());
                (
                    Rule::WrongValue,
                    problem,
                    hint.clone().unwrap_or_else(|| "`hyhost schema` shows the rules".to_owned()),
                )
            }
        };
        let help = (!help.is_empty()).then_some(help);
        self.report.mistake(rule, item.spot, problem).help_if(help);
    }

    fn unknown(&mut self, found: &Found<'a, 's>, unexpected: &[String]) {
        let known = properties(&found.at);
        for name in unexpected {
            let Some(field) = found.item.field(name) else { continue };
            let known = suggest::known(name, known.iter().copied());
            self.report.unknown_field(name, field.key_spot, &format!("in `{}`", found.path), known);
            // It may be a secret field that was misspelt.
            for spot in words(&field.value) {
                self.report.hide(spot);
            }
        }
    }

    /// None of the branches holds. If the type fits just one, what is wrong
    /// with that one is what the person meant.
    fn branches(&mut self, found: &Found<'a, 's>, context: &[Vec<ValidationError<'static>>]) {
        if found.item.has_unresolved() {
            return;
        }
        let is_map_or_list = !matches!(found.item.data, Data::Scalar(_));
        let of_type = |errors: &&Vec<ValidationError<'static>>| {
            !errors.iter().any(|error| {
                let here = std::ptr::eq(self.find(error.instance_path()).item, found.item);
                let other_type = match error.kind() {
                    ValidationErrorKind::Type { .. } => true,
                    ValidationErrorKind::Enum { .. } | ValidationErrorKind::Constant { .. } => is_map_or_list,
                    _ => false,
                };
                here && other_type
            })
        };
        let fitting: Vec<&Vec<ValidationError<'static>>> = context.iter().filter(of_type).collect();
        let best = match &fitting[..] {
            [only] => Some(*only),
            _ => fitting.iter().copied().min_by_key(|errors| errors.len()).filter(|errors| {
                let fewest = errors.len();
                fitting.iter().filter(|other| other.len() == fewest).count() == 1
            }),
        };
        if let Some(errors) = best {
            for error in errors {
                self.error(error);
            }
            return;
        }
        let mut wanted: Vec<String> = Vec::new();
        for schema in &found.at {
            for keyword in ["anyOf", "oneOf"] {
                for branch in schema.get(keyword).and_then(Value::as_array).into_iter().flatten() {
                    let branch = self.schema.reference(branch).unwrap_or(branch);
                    wanted.extend(branch_in_words(branch));
                }
            }
        }
        wanted.dedup();
        let problem = format!("`{}`: {} fits none of the forms that it can have", found.path, found.item.quoted());
        let help = (!wanted.is_empty()).then(|| wanted.join("; or "));
        self.report.mistake(Rule::WrongValue, found.item.spot, problem).help_if(help.or(description(&found.at)));
    }

    fn twice(&mut self, found: &Found<'a, 's>) {
        let Data::List(items) = &found.item.data else { return };
        for (index, item) in items.iter().enumerate() {
            let value = item.value();
            if let Some(first) = items.iter().take(index).find(|first| first.value() == value) {
                let problem = format!("`{}[{index}]` says the same as an item before it", found.path);
                self.report
                    .mistake(Rule::DuplicateObject, item.spot, problem)
                    .help("keep one of them")
                    .other(first.spot);
            }
        }
    }

    fn describe(&self, found: &Found<'a, 's>, field: &str) -> Option<String> {
        description(&self.schema.field(&found.at, field, crate::schema::Shape::Any))
    }

    fn type_help(&self, found: &Found<'a, 's>, wanted: &str) -> String {
        let text = found.item.as_text().filter(|_| !found.item.secret);
        if found.item.secret {
            let number = matches!(found.item.data, Data::Scalar(Value::Number(_)));
            let quotes = if number { ", in quotes if it looks like a number" } else { ", such as `app_db`" };
            return format!("the name of a secret stands here{quotes}");
        }
        if wanted == "true or false" && text.is_some_and(|text| matches!(text, "yes" | "no" | "on" | "off")) {
            return "write `true` or `false`: `yes`, `no`, `on` and `off` are words in YAML 1.2".to_owned();
        }
        if wanted != "a text"
            && text.is_some_and(|text| !crate::core_schema::typed(text).is_string())
            && found.item.written.is_none()
        {
            return "leave the quotes out".to_owned();
        }
        if wanted == "a text" && matches!(found.item.data, Data::Scalar(_)) {
            return "put it in quotes if this is what it is meant to say".to_owned();
        }
        if let Some(about) = description(&found.at) {
            return format!("write {wanted} ({about})");
        }
        match wanted {
            "a map" => match properties(&found.at) {
                known if known.is_empty() => "write `{ field: value }`".to_owned(),
                known => format!("its fields are {}", suggest::list(&known)),
            },
            "a list" => "write `[ … ]`, or each item on a line of its own after `- `".to_owned(),
            _ => format!("write {wanted}"),
        }
    }

    /// Whether an unknown field beside it seems to be this one.
    fn is_misspelt(&self, found: &Found<'a, 's>, name: &str) -> bool {
        let known = properties(&found.at);
        let Data::Map(fields) = &found.item.data else { return false };
        let unknown = fields.iter().map(|field| field.key.as_str()).filter(|key| !known.contains(key));
        unknown.into_iter().any(|key| suggest::nearest(key, known.iter().copied()) == Some(name))
    }
}

fn bound(path: &str, quoted: &str, word: &str, limit: &Value) -> (Rule, String, String) {
    (Rule::OutOfBounds, format!("`{path}`: {quoted} is out of bounds"), format!("{word} {limit}"))
}

fn length(path: &str, word: &str, help: String) -> (Rule, String, String) {
    (Rule::OutOfBounds, format!("`{path}` is too {word}"), help)
}

/// What stands there instead, in words.
fn found_instead(item: &Item) -> String {
    let quoted = item.quoted();
    match (&item.data, &item.written) {
        (Data::List(_), _) => "this is a list".to_owned(),
        (Data::Map(_), _) => "this is a map".to_owned(),
        (Data::Scalar(value), None) => format!("{quoted} is {}", called(type_of(value))),
        (Data::Scalar(value), Some(_)) => format!("{quoted} is {} once it is filled in", called(type_of(value))),
    }
}

fn plain(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// The first description that holds here.
fn description(at: &[&Value]) -> Option<String> {
    at.iter().find_map(|schema| schema.get("description")?.as_str()).map(str::to_owned)
}

fn properties<'s>(at: &[&'s Value]) -> Vec<&'s str> {
    let mut names: Vec<&str> = Vec::new();
    for schema in at {
        for name in schema.get("properties").and_then(Value::as_object).into_iter().flat_map(|map| map.keys()) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
    }
    names
}

fn branch_in_words(branch: &Value) -> Option<String> {
    if let Some(text) = branch.get("title").or_else(|| branch.get("description")).and_then(Value::as_str) {
        return Some(text.to_owned());
    }
    if let Some(options) = branch.get("enum").and_then(Value::as_array) {
        let options: Vec<String> = options.iter().map(plain).collect();
        return Some(format!("one of {}", options.join(", ")));
    }
    if let Some(value) = branch.get("const") {
        return Some(format!("`{}`", plain(value)));
    }
    let types: Vec<&str> = own_types(branch).into_iter().map(called).collect();
    (!types.is_empty()).then(|| types.join(" or "))
}

/// Where its words are: scalars and keys.
fn words(item: &Item) -> Vec<Spot> {
    match &item.data {
        Data::Scalar(_) => vec![item.spot],
        Data::List(items) => items.iter().flat_map(words).collect(),
        Data::Map(fields) => {
            fields.iter().flat_map(|field| [vec![field.key_spot], words(&field.value)].concat()).collect()
        }
    }
}
