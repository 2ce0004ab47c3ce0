//! Readers that are not ours: Kafka's own tools.

use std::fs;
use std::path::Path;
use std::process::Command;

use super::package;
use crate::client::{run, run_fed};
use crate::{Error, Instance, Result, Server, Testbed, random};

/// A tool of Kafka's distribution.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KafkaTool {
    /// `kafka-topics.sh`
    Topics,
    /// `kafka-acls.sh`
    Acls,
    /// `kafka-configs.sh`: settings of topics and brokers, SCRAM accounts, quotas.
    Configs,
}

impl KafkaTool {
    fn class(self) -> &'static str {
        match self {
            KafkaTool::Topics => "org.apache.kafka.tools.TopicCommand",
            KafkaTool::Acls => "org.apache.kafka.tools.AclCommand",
            KafkaTool::Configs => "kafka.admin.ConfigCommand",
        }
    }
}

impl Testbed {
    /// Runs `kafka-topics.sh` with these arguments as a super user; the server
    /// is named already.
    ///
    /// # Errors
    /// [`Error::Failed`] with the tool's message.
    pub fn kafka_topics(&self, arguments: &[&str]) -> Result<String> {
        self.kafka(KafkaTool::Topics, arguments)
    }

    /// The same with `kafka-acls.sh`.
    ///
    /// # Errors
    /// [`Error::Failed`] with the tool's message.
    pub fn kafka_acls(&self, arguments: &[&str]) -> Result<String> {
        self.kafka(KafkaTool::Acls, arguments)
    }

    /// The same with `kafka-configs.sh`.
    ///
    /// # Errors
    /// [`Error::Failed`] with the tool's message.
    pub fn kafka_configs(&self, arguments: &[&str]) -> Result<String> {
        self.kafka(KafkaTool::Configs, arguments)
    }

    /// A tool as any user, over TLS, with a mechanism of SASL: for what a user
    /// may and may not do, and whether its password is the one it should be. A
    /// login that is refused fails within seconds.
    ///
    /// # Errors
    /// [`Error::Failed`] with the tool's message.
    pub fn kafka_as(
        &self,
        user: &str,
        password: &str,
        mechanism: &str,
        tool: KafkaTool,
        arguments: &[&str],
    ) -> Result<String> {
        let module = match mechanism {
            "PLAIN" => "org.apache.kafka.common.security.plain.PlainLoginModule",
            _ => "org.apache.kafka.common.security.scram.ScramLoginModule",
        };
        let settings = format!(
            "security.protocol=SASL_SSL\nsasl.mechanism={mechanism}\n\
             sasl.jaas.config={module} required username=\"{user}\" password=\"{password}\";\n\
             ssl.truststore.type=PEM\nssl.truststore.location={}\n",
            variable(self.kafka_node()?, "KAFKA_CA")
        );
        self.kafka_with(&settings, "KAFKA_SSL_BROKERS", tool, arguments)
    }

    /// A tool by the client's certificate (`KAFKA_CERT`): the principal is
    /// `User:client`, who may do what ACLs say.
    ///
    /// # Errors
    /// [`Error::Failed`] with the tool's message.
    pub fn kafka_by_certificate(&self, tool: KafkaTool, arguments: &[&str]) -> Result<String> {
        let node = self.kafka_node()?;
        let authority = variable(node, "KAFKA_CA");
        let together = Path::new(&authority).with_file_name("client.all.pem");
        let settings = format!(
            "security.protocol=SSL\nssl.truststore.type=PEM\nssl.truststore.location={authority}\n\
             ssl.keystore.type=PEM\nssl.keystore.location={}\n",
            together.display()
        );
        self.kafka_with(&settings, "KAFKA_MTLS_BROKERS", tool, arguments)
    }

    fn kafka_with(&self, settings: &str, brokers: &str, tool: KafkaTool, arguments: &[&str]) -> Result<String> {
        let path = self.directory().join(format!("kafka-{}.properties", random::password()?));
        fs::write(&path, settings).map_err(Error::io("writing", &path))?;
        let mut command = self.kafka_tool(tool.class(), brokers)?;
        command.arg("--command-config").arg(&path).args(arguments);
        let said = run(&mut command, "asking Kafka");
        fs::remove_file(&path).map_err(Error::io("removing", &path))?;
        said
    }

    /// Writes records into a topic, one per line.
    ///
    /// # Errors
    /// [`Error::Failed`] with the tool's message.
    pub fn kafka_produce(&self, topic: &str, lines: &str) -> Result<()> {
        let mut command = self.kafka_tool("org.apache.kafka.tools.ConsoleProducer", "KAFKA_BROKERS")?;
        run_fed(command.args(["--sync", "--topic", topic]), lines.as_bytes(), "writing to Kafka").map(drop)
    }

    fn kafka(&self, tool: KafkaTool, arguments: &[&str]) -> Result<String> {
        run(self.kafka_tool(tool.class(), "KAFKA_BROKERS")?.args(arguments), "asking Kafka")
    }

    fn kafka_tool(&self, class: &str, brokers: &str) -> Result<Command> {
        let mut command = package::program()?.tool(class);
        command.args(["--bootstrap-server", &variable(self.kafka_node()?, brokers)]);
        Ok(command)
    }

    fn kafka_node(&self) -> Result<&Instance> {
        self.get(Server::Kafka).or_else(|_| self.get(Server::Kafka3)).map(|node| &**node)
    }
}

fn variable(node: &Instance, name: &str) -> String {
    node.env().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value).unwrap_or_default()
}
