//! `kafka:` of a connection.

use crate::connections::One;
use crate::yaml::{Kind, Node};
use crate::{How, Kafka, Mechanism, Rule, suggest};

const FIELDS: [&str; 5] = ["brokers", "user", "password", "mechanism", "tls"];
const MECHANISMS: [Mechanism; 3] = [Mechanism::ScramSha512, Mechanism::ScramSha256, Mechanism::Plain];

impl One<'_> {
    pub(crate) fn kafka(&mut self, node: &Node) -> Option<How> {
        self.what.push_str(".kafka");
        let fields = self.reader.fields(node, &self.what.clone(), &FIELDS)?;
        let brokers = self.required(node, &fields, "brokers").and_then(|entry| self.brokers(&entry.value));
        let user = self.optional(&fields, "user");
        let passwords = self.passwords(&fields);
        let mechanism = match fields.get("mechanism") {
            None => Some(Mechanism::default()),
            Some(entry) => self.mechanism(&entry.value),
        };
        let tls = self.tls(&fields);
        let (user, passwords) = (user?, passwords?);
        for (one, other) in [("user", "password"), ("password", "user"), ("mechanism", "user")] {
            if let (Some(entry), None) = (fields.get(one), fields.get(other)) {
                let problem = format!("`{}` has `{one}` without `{other}`", self.what);
                let help = format!("a login needs both: add `{other}: …`, or leave `{one}` out");
                self.reader.report.mistake(Rule::MissingField, entry.key_spot, problem).help(help);
                return None;
            }
        }
        Some(How::Kafka(Kafka { brokers: brokers?, user, passwords, mechanism: mechanism?, tls: tls? }))
    }

    /// A list, or one text with commas.
    fn brokers(&mut self, node: &Node) -> Option<Vec<(String, u16)>> {
        let what = self.at("brokers");
        let nodes: Vec<&Node> = match &node.kind {
            Kind::List(items) => items.iter().collect(),
            _ => vec![node],
        };
        let mut brokers = Vec::new();
        for node in nodes {
            let text = self.reader.text(node, &what)?;
            for broker in text.split(',').map(str::trim).filter(|broker| !broker.is_empty()) {
                brokers.push(self.broker(node, &what, broker)?);
            }
        }
        if brokers.is_empty() {
            self.reader
                .report
                .mistake(Rule::MissingField, node.spot, format!("`{what}` names no broker"))
                .help("such as `kafka-1:9092,kafka-2:9092`");
            return None;
        }
        Some(brokers)
    }

    fn broker(&mut self, node: &Node, what: &str, text: &str) -> Option<(String, u16)> {
        let parts = text.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse::<u16>().ok()?)));
        let Some((host, port)) = parts.filter(|(_, port)| *port > 0) else {
            self.reader
                .report
                .mistake(Rule::WrongForm, node.spot, format!("`{what}` must hold brokers as `host:port`"))
                .help("such as `kafka-1:9092,kafka-2:9092`");
            return None;
        };
        self.checked_host(node, what, host)?;
        Some((host.to_owned(), port))
    }

    fn mechanism(&mut self, node: &Node) -> Option<Mechanism> {
        let what = self.at("mechanism");
        let text = self.reader.text(node, &what)?;
        let found = MECHANISMS.iter().find(|mechanism| mechanism.as_str() == text);
        if found.is_none() {
            let help = suggest::known(&text, MECHANISMS.iter().map(|mechanism| mechanism.as_str()));
            let problem = format!("`{what}` is not a mechanism that hyhost logs in with");
            self.reader.report.mistake(Rule::WrongValue, node.spot, problem).help_if(help);
        }
        found.copied()
    }
}
