//! How Kafka is set up, started and found ready: KRaft, each node broker and
//! controller at once, with the standard authorizer.
//!
//! Four listeners: plain text, for quick looks (who comes there without a name
//! may do everything); SASL with and without TLS (SCRAM of both kinds, and
//! PLAIN); TLS with a client's certificate, whose common name is the principal.

mod ask;
mod client;
mod package;

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;

use rustix::process::Signal;

pub use client::KafkaTool;
pub(crate) use package::{bin, install as install_package};

use crate::certificate::Authority;
use crate::guard::Guard;
use crate::ports::{self, Port};
use crate::recipe::{HOST, Recipe};
use crate::{Error, Result, client as programs, random};

/// The super user, which the brokers use among themselves, too.
const USER: &str = "admin";

/// Flags of a broker's Java: with them it stays below 300 MiB.
const MEMORY: [&str; 3] = ["-Xms64m", "-Xmx256m", "-XX:-UsePerfData"];

/// What is the same on every node. Small numbers of partitions and threads,
/// since there is one machine. A broker that was killed is taken for dead (and
/// may come back) sooner than after the usual 9 s.
const SETTINGS: &str = "
process.roles=broker,controller
controller.listener.names=CONTROLLER
listener.security.protocol.map=PLAIN:PLAINTEXT,SASL:SASL_PLAINTEXT,TLS:SSL,SASLTLS:SASL_SSL,CONTROLLER:SASL_PLAINTEXT
inter.broker.listener.name=SASL
sasl.enabled.mechanisms=SCRAM-SHA-256,SCRAM-SHA-512,PLAIN
sasl.mechanism.inter.broker.protocol=SCRAM-SHA-512
sasl.mechanism.controller.protocol=PLAIN
listener.name.controller.sasl.enabled.mechanisms=PLAIN
ssl.keystore.type=PEM
ssl.truststore.type=PEM
listener.name.tls.ssl.client.auth=requested
ssl.principal.mapping.rules=RULE:^.*CN=([^,]+).*$/$1/,DEFAULT
authorizer.class.name=org.apache.kafka.metadata.authorizer.StandardAuthorizer
allow.everyone.if.no.acl.found=false
auto.create.topics.enable=false
num.partitions=1
broker.heartbeat.interval.ms=1000
broker.session.timeout.ms=5000
offsets.topic.num.partitions=4
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
share.coordinator.state.topic.min.isr=1
share.coordinator.state.topic.num.partitions=4
group.initial.rebalance.delay.ms=0
num.network.threads=2
num.io.threads=4
num.recovery.threads.per.data.dir=1
log.cleaner.dedupe.buffer.size=16777216
";

/// What the nodes of a cluster share.
#[derive(Debug)]
struct Cluster {
    program: package::Program,
    directory: PathBuf,
    password: String,
    nodes: Vec<Ports>,
}

/// The ports of one node, by listener.
#[derive(Debug, Clone, Copy)]
struct Ports {
    plain: u16,
    sasl: u16,
    tls: u16,
    sasl_tls: u16,
    controller: u16,
}

/// One node of a Kafka cluster that has been set up.
#[derive(Debug)]
struct Node {
    cluster: Arc<Cluster>,
    id: u16,
    /// Kept while the node is known, also while it is stopped.
    _ports: [Port; 4],
}

/// Installs all that a start would install.
pub(crate) fn ready_to_run() -> Result<()> {
    package::program().map(drop)
}

/// Installs Kafka where needed and formats a cluster of `nodes` nodes in
/// `directory`, which must not exist; `first` is the first node's port.
pub(crate) fn prepare(directory: &Path, nodes: u16, first: Port) -> Result<Vec<(Port, Box<dyn Recipe>)>> {
    prepare_with(package::program()?, directory, nodes, first)
}

fn prepare_with(
    program: package::Program,
    directory: &Path,
    nodes: u16,
    first: Port,
) -> Result<Vec<(Port, Box<dyn Recipe>)>> {
    let mut leases = vec![(first, lease_four()?)];
    for _ in 1..nodes {
        leases.push((ports::lease(None)?, lease_four()?));
    }
    let numbers = leases.iter().map(|(plain, [sasl, tls, sasl_tls, controller])| Ports {
        plain: plain.number,
        sasl: sasl.number,
        tls: tls.number,
        sasl_tls: sasl_tls.number,
        controller: controller.number,
    });
    let cluster =
        Cluster { program, directory: directory.to_owned(), password: random::password()?, nodes: numbers.collect() };
    cluster.format()?;
    let cluster = Arc::new(cluster);
    let node = |(id, (plain, others))| -> (Port, Box<dyn Recipe>) {
        (plain, Box::new(Node { cluster: Arc::clone(&cluster), id, _ports: others }))
    };
    Ok((1..).zip(leases).map(node).collect())
}

fn lease_four() -> Result<[Port; 4]> {
    Ok([ports::lease(None)?, ports::lease(None)?, ports::lease(None)?, ports::lease(None)?])
}

impl Cluster {
    /// Certificates, settings and storage of every node.
    fn format(&self) -> Result<()> {
        create(&self.directory)?;
        let authority = Authority::new("kafka-ca", &self.directory)?;
        let broker = authority.issue("broker", &[HOST])?;
        let client = authority.issue("client", &["client"])?;
        // Kafka and its tools want key and certificates in one file.
        write(&self.directory.join("client.all.pem"), &[client.key, client.certificate, authority.pem()].concat())?;
        write(&self.directory.join("broker.all.pem"), &[broker.key, broker.certificate, authority.pem()].concat())?;
        for id in self.ids() {
            create(&self.node(id).join("logs"))?;
            create(&self.node(id).join("tmp"))?;
            write(&self.settings(id), &self.properties(id))?;
        }
        let scram = |mechanism: &str| format!("{mechanism}=[name={USER},password={}]", self.password);
        let mut format = self.program.tool(package::FORMAT);
        format.args(["format", "--cluster-id", &identifier()?]).arg("--config").arg(self.settings(1));
        format.args(["--add-scram", &scram("SCRAM-SHA-256"), "--add-scram", &scram("SCRAM-SHA-512")]);
        programs::run(&mut format, "formatting Kafka's storage")?;
        // The other nodes begin with the same accounts; what names the node is
        // their own. That spares a Java for each.
        let [start, meta] =
            ["bootstrap.checkpoint", "meta.properties"].map(|name| self.node(1).join("logs").join(name));
        let said = fs::read_to_string(&meta).map_err(Error::io("reading", &meta))?;
        for id in self.ids().skip(1) {
            let logs = self.node(id).join("logs");
            fs::copy(&start, logs.join("bootstrap.checkpoint")).map_err(Error::io("copying", &start))?;
            write(&logs.join("meta.properties"), &of_another(&said, id, &identifier()?))?;
        }
        Ok(())
    }

    fn ids(&self) -> impl Iterator<Item = u16> + use<> {
        (1..).take(self.nodes.len())
    }

    fn node(&self, id: u16) -> PathBuf {
        self.directory.join(format!("node-{id}"))
    }

    fn settings(&self, id: u16) -> PathBuf {
        self.node(id).join("server.properties")
    }

    /// `localhost:1,localhost:2,…`, by listener.
    fn brokers(&self, port: impl Fn(&Ports) -> u16) -> String {
        self.nodes.iter().map(|ports| format!("{HOST}:{}", port(ports))).collect::<Vec<_>>().join(",")
    }

    fn properties(&self, id: u16) -> String {
        let voters: Vec<String> =
            self.ids().zip(&self.nodes).map(|(id, ports)| format!("{id}@{HOST}:{}", ports.controller)).collect();
        let listeners = |host: &str| {
            let Ports { plain, sasl, tls, sasl_tls, .. } = self.nodes[usize::from(id - 1)];
            let all = [("PLAIN", plain), ("SASL", sasl), ("TLS", tls), ("SASLTLS", sasl_tls)];
            all.map(|(name, port)| format!("{name}://{host}:{port}")).join(",")
        };
        let controller = self.nodes[usize::from(id - 1)].controller;
        let copies = self.nodes.len();
        let (directory, node) = (self.directory.display(), self.node(id));
        let account = format!("username=\"{USER}\" password=\"{}\"", self.password);
        let static_user = format!("user_{USER}=\"{}\"", self.password);
        let scram = "org.apache.kafka.common.security.scram.ScramLoginModule required";
        let plain = "org.apache.kafka.common.security.plain.PlainLoginModule required";
        let lines = [
            format!("node.id={id}"),
            format!("controller.quorum.voters={}", voters.join(",")),
            format!("listeners={},CONTROLLER://127.0.0.1:{controller}", listeners("127.0.0.1")),
            format!("advertised.listeners={}", listeners(HOST)),
            format!("log.dirs={}", node.join("logs").display()),
            format!("super.users=User:{USER};User:ANONYMOUS"),
            format!("listener.name.sasl.scram-sha-256.sasl.jaas.config={scram};"),
            format!("listener.name.sasl.scram-sha-512.sasl.jaas.config={scram} {account};"),
            format!("listener.name.sasl.plain.sasl.jaas.config={plain} {static_user};"),
            format!("listener.name.sasltls.scram-sha-256.sasl.jaas.config={scram};"),
            format!("listener.name.sasltls.scram-sha-512.sasl.jaas.config={scram};"),
            format!("listener.name.sasltls.plain.sasl.jaas.config={plain} {static_user};"),
            // Not SCRAM: the accounts are read from what the controllers keep.
            format!("listener.name.controller.plain.sasl.jaas.config={plain} {account} {static_user};"),
            format!("ssl.keystore.location={directory}/broker.all.pem"),
            format!("ssl.truststore.location={directory}/ca.pem"),
            format!("default.replication.factor={copies}"),
            format!("offsets.topic.replication.factor={copies}"),
            format!("transaction.state.log.replication.factor={copies}"),
            format!("share.coordinator.state.topic.replication.factor={copies}"),
        ];
        format!("{}{SETTINGS}", lines.join("\n"))
    }
}

impl Recipe for Node {
    fn user(&self) -> &'static str {
        USER
    }

    fn password(&self) -> &str {
        &self.cluster.password
    }

    fn env(&self, _: u16) -> Vec<(&'static str, String)> {
        let file = |name: &str| self.cluster.directory.join(name).display().to_string();
        vec![
            ("KAFKA_BROKERS", self.cluster.brokers(|ports| ports.plain)),
            ("KAFKA_SASL_BROKERS", self.cluster.brokers(|ports| ports.sasl)),
            ("KAFKA_SSL_BROKERS", self.cluster.brokers(|ports| ports.sasl_tls)),
            ("KAFKA_MTLS_BROKERS", self.cluster.brokers(|ports| ports.tls)),
            ("KAFKA_USER", USER.into()),
            ("KAFKA_PASSWORD", self.cluster.password.clone()),
            ("KAFKA_CA", file("ca.pem")),
            ("KAFKA_CERT", file("client.pem")),
            ("KAFKA_KEY", file("client.key")),
        ]
    }

    fn command(&self, guard: &Guard, _: u16) -> Result<Command> {
        let node = self.cluster.node(self.id);
        let mut server = guard.command(&self.cluster.program.java.program)?;
        server.args(MEMORY).arg(format!("-Djava.io.tmpdir={}", node.join("tmp").display()));
        self.cluster.program.broker(&mut server);
        server.arg(self.cluster.settings(self.id)).current_dir(&node);
        Ok(server)
    }

    /// Whether it and every other node that answers know of each other.
    fn is_ready(&self, port: u16) -> bool {
        let Some(own) = ask::brokers(port) else { return false };
        own.contains(&self.id)
            && self.cluster.ids().zip(&self.cluster.nodes).all(|(id, ports)| {
                id == self.id || ask::brokers(ports.plain).is_none_or(|its| its.contains(&self.id) && own.contains(&id))
            })
    }

    fn start_limit(&self) -> Duration {
        Duration::from_secs(180)
    }

    fn orderly(&self) -> (Signal, Duration) {
        (Signal::TERM, Duration::from_secs(20))
    }
}

/// 16 bytes as Kafka writes them; hexadecimal digits are valid letters of it.
fn identifier() -> Result<String> {
    let mut letters = random::password()?;
    letters.replace_range(21.., "A");
    Ok(letters)
}

/// What the tool wrote about the first node, for another one.
fn of_another(meta: &str, id: u16, directory: &str) -> String {
    let line = |line: &str| match line.split_once('=') {
        Some(("node.id", _)) => format!("node.id={id}\n"),
        Some(("directory.id", _)) => format!("directory.id={directory}\n"),
        _ => format!("{line}\n"),
    };
    meta.lines().map(line).collect()
}

fn create(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::io("creating", directory))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::io("writing", path))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn another_node_has_a_number_and_a_directory_of_its_own() {
        let meta = "#\n#Wed\nnode.id=1\ndirectory.id=one\nversion=1\ncluster.id=c\n";
        assert_eq!(of_another(meta, 2, "two"), "#\n#Wed\nnode.id=2\ndirectory.id=two\nversion=1\ncluster.id=c\n");
        assert_eq!(identifier().unwrap().len(), 22);
    }
}
