//! The part of a target that says what it is: plugin, connections, order,
//! times. `desired` comes later, when connections are known.

use std::collections::BTreeSet;
use std::time::Duration;

use crate::connections::suggest_for;
use crate::duration::duration;
use crate::fields::{Fields, Reader};
use crate::merge::Document;
use crate::source::Spot;
use crate::yaml::{Entry, Kind, Node};
use crate::{Manifest, Rule, Slot, Wish, suggest};

/// The fields of a target.
pub(crate) const FIELDS: [&str; 10] =
    ["plugin", "connection", "grant", "desired", "after", "profiles", "timeout", "ready_timeout", "prune", "exact"];

/// A target without its desired state.
pub(crate) struct Head<'n> {
    pub name: &'n str,
    pub spot: Spot,
    pub chosen: bool,
    /// Absent: not loaded, which has been said.
    pub manifest: Option<&'n Manifest>,
    pub slots: Vec<Slot>,
    /// The spot of each slot's connection.
    pub slot_spots: Vec<Spot>,
    /// Every slot has a connection that is declared.
    pub connected: bool,
    pub after: Vec<(String, Spot)>,
    pub timeout: Duration,
    pub ready_timeout: Duration,
    pub grant: Option<&'n Entry>,
    pub desired: Option<&'n Entry>,
    pub prune: Option<&'n Entry>,
    /// Whether access beyond the document is removed.
    pub exact: bool,
    pub plugin_spot: Spot,
}

/// Reads the head of a target. `None`: it is no map.
pub(crate) fn read<'n>(
    entry: &'n Entry,
    document: &'n Document,
    manifests: &'n [Manifest],
    chosen: &BTreeSet<String>,
    reader: &mut Reader<'_>,
) -> Option<Head<'n>> {
    let what = format!("targets.{}", entry.key);
    if entry.key.is_empty() {
        reader.report.mistake(Rule::WrongName, entry.key_spot, "a target without a name").help("give it one");
    }
    let fields = reader.fields(&entry.value, &what, &FIELDS)?;
    let mut head = Head {
        name: &entry.key,
        spot: entry.key_spot,
        chosen: chosen.contains(&entry.key),
        manifest: None,
        slots: Vec::new(),
        slot_spots: Vec::new(),
        connected: false,
        after: Vec::new(),
        timeout: Duration::from_secs(60),
        ready_timeout: Duration::from_secs(300),
        grant: fields.get("grant"),
        desired: fields.get("desired"),
        prune: fields.get("prune"),
        exact: false,
        plugin_spot: entry.key_spot,
    };
    let mut read = Reading { reader, what, document };
    head.manifest = read.plugin(entry, &fields, manifests, head.chosen);
    if let Some(plugin) = fields.get("plugin") {
        head.plugin_spot = plugin.value.spot;
    }
    if let Some(manifest) = head.manifest {
        read.slots(entry, &fields, manifest, &mut head);
    } else if let Some(connection) = fields.get("connection") {
        read.names_of(&connection.value);
    }
    if let Some(after) = fields.get("after") {
        let what = format!("{}.after", read.what);
        head.after = read.reader.texts(&after.value, &what);
    }
    head.timeout = read.time(&fields, "timeout").unwrap_or(head.timeout);
    head.ready_timeout = read.time(&fields, "ready_timeout").unwrap_or(head.ready_timeout);
    head.exact = read.flag(&fields, "exact");
    Some(head)
}

struct Reading<'r, 'a, 'n> {
    reader: &'r mut Reader<'a>,
    what: String,
    document: &'n Document,
}

impl<'n> Reading<'_, '_, 'n> {
    fn plugin(
        &mut self,
        entry: &Entry,
        fields: &Fields<'n>,
        manifests: &'n [Manifest],
        chosen: bool,
    ) -> Option<&'n Manifest> {
        let names = || manifests.iter().map(|manifest| manifest.name.as_str());
        let Some(plugin) = fields.get("plugin") else {
            let problem = format!("`{}` has no `plugin`", self.what);
            let help = format!("add `plugin: NAME`; loaded: {}", suggest::list(&names().collect::<Vec<_>>()));
            self.reader.report.mistake(Rule::MissingField, entry.key_spot, problem).help(help);
            return None;
        };
        let name = self.reader.text(&plugin.value, &format!("{}.plugin", self.what))?;
        let found = manifests.iter().find(|manifest| manifest.name == name);
        if found.is_none() {
            let spot = plugin.value.spot;
            let quoted = crate::fields::written(&plugin.value);
            if chosen {
                let help = suggest::known(&name, names())
                    .unwrap_or_else(|| "none is loaded: name `.wasm` files or a directory of them".to_owned());
                self.reader
                    .report
                    .mistake(Rule::UnknownPlugin, spot, format!("no plugin `{quoted}` is loaded"))
                    .help(help);
            } else {
                let note = format!(
                    "no plugin `{quoted}` is loaded; its target is not chosen, so its `desired` is not checked"
                );
                self.reader.report.note(Some(spot), note);
            }
        }
        found
    }

    fn slots(&mut self, entry: &Entry, fields: &Fields<'n>, manifest: &Manifest, head: &mut Head<'n>) {
        let wishes = &manifest.wishes;
        let what = format!("{}.connection", self.what);
        let example = wishes.iter().map(|wish| format!("{}: NAME", wish.slot)).collect::<Vec<_>>().join(", ");
        let Some(connection) = fields.get("connection") else {
            if wishes.is_empty() {
                head.connected = true;
                return;
            }
            let help = match &wishes[..] {
                [wish] => format!("add `connection: NAME`, of the kind {}", wish.capability),
                _ => format!("add `connection: {{ {example} }}`"),
            };
            let problem = format!("`{}` has no `connection`", self.what);
            self.reader.report.mistake(Rule::MissingField, entry.key_spot, problem).help(help);
            return;
        };
        match &connection.value.kind {
            Kind::Map(entries) => {
                for slot in entries {
                    if !wishes.iter().any(|wish| wish.slot == slot.key) {
                        let problem = format!("the plugin `{}` has no slot `{}`", manifest.name, slot.key);
                        let help = suggest::known(&slot.key, wishes.iter().map(|wish| wish.slot.as_str()));
                        self.reader.report.mistake(Rule::WrongSlot, slot.key_spot, problem).help_if(help);
                    }
                }
                head.connected = true;
                for wish in wishes {
                    match entries.iter().find(|slot| slot.key == wish.slot) {
                        Some(slot) => self.slot(wish, &slot.value, head),
                        None => {
                            head.connected = false;
                            let problem = format!("`{what}` says nothing for the slot `{}`", wish.slot);
                            let help = format!("the plugin `{}` wants `{{ {example} }}`", manifest.name);
                            self.reader.report.mistake(Rule::WrongSlot, connection.value.spot, problem).help(help);
                        }
                    }
                }
            }
            _ => match &wishes[..] {
                [wish] => {
                    head.connected = true;
                    self.slot(wish, &connection.value, head);
                }
                [] => {
                    let problem = format!("the plugin `{}` takes no connection", manifest.name);
                    self.reader
                        .report
                        .mistake(Rule::WrongSlot, connection.value.spot, problem)
                        .help("leave `connection` out");
                }
                _ => {
                    let problem = format!("the plugin `{}` takes {} connections", manifest.name, wishes.len());
                    let help = format!("write `connection: {{ {example} }}`");
                    self.reader.report.mistake(Rule::WrongSlot, connection.value.spot, problem).help(help);
                }
            },
        }
    }

    fn slot(&mut self, wish: &Wish, node: &Node, head: &mut Head<'n>) {
        match self.connection(node) {
            Some(connection) => {
                head.slots.push(Slot { name: wish.slot.clone(), capability: wish.capability.clone(), connection });
                head.slot_spots.push(node.spot);
            }
            None => head.connected = false,
        }
    }

    /// The name of a connection that is declared.
    fn connection(&mut self, node: &Node) -> Option<String> {
        let name = self.reader.text(node, &format!("{}.connection", self.what))?;
        if self.document.connections.iter().any(|entry| entry.key == name) {
            return Some(name);
        }
        let problem = format!("no connection `{}` is declared", crate::fields::written(node));
        let help = suggest_for(&name, &self.document.connections);
        self.reader.report.mistake(Rule::UnknownConnection, node.spot, problem).help(help);
        None
    }

    /// Names are checked also where the plugin is not at hand.
    fn names_of(&mut self, node: &Node) {
        match &node.kind {
            Kind::Map(entries) => {
                for entry in entries {
                    self.connection(&entry.value);
                }
            }
            _ => {
                self.connection(node);
            }
        }
    }

    fn time(&mut self, fields: &Fields<'n>, field: &str) -> Option<Duration> {
        let entry = fields.get(field)?;
        let what = format!("{}.{field}", self.what);
        let text = self.reader.text(&entry.value, &what)?;
        match duration(&text) {
            Some(time) if !time.is_zero() => Some(time),
            _ => {
                self.reader
                    .report
                    .mistake(Rule::WrongForm, entry.value.spot, format!("`{what}` is not a length of time"))
                    .help("a number and a unit, such as `90s`, `10m`, `1h30m` or `500ms`; more than nothing");
                None
            }
        }
    }

    fn flag(&mut self, fields: &Fields<'n>, field: &str) -> bool {
        let Some(entry) = fields.get(field) else { return false };
        let what = format!("{}.{field}", self.what);
        self.reader.flag(&entry.value, &what).unwrap_or(false)
    }
}
