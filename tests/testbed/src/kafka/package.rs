//! What Kafka is made of, and how its programs are called.

use std::fs::{self, Permissions};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

use super::write;
use crate::guard::Guard;
use crate::install::{Package, install as installed};
use crate::java::{self, Classes, FRUGAL, Java};
use crate::maven::{self, Artifact, jar};
use crate::process::wait_until;
use crate::recipe::HOST;
use crate::{Error, Result, cache, client, ports};

/// The tool that makes a cluster's storage.
pub(super) const FORMAT: &str = "kafka.tools.StorageTool";
const TOPICS: &str = "org.apache.kafka.tools.TopicCommand";

/// What logs: the server on stdout, the tools only warnings and to stderr.
const LOGGING: [(&str, &str, &str); 2] = [("server", "SYSTEM_OUT", "INFO"), ("tools", "SYSTEM_ERR", "WARN")];

/// The tools as they are called in Kafka's own distribution.
const SCRIPTS: [(&str, &str); 5] = [
    ("kafka-topics.sh", "org.apache.kafka.tools.TopicCommand"),
    ("kafka-acls.sh", "org.apache.kafka.tools.AclCommand"),
    ("kafka-configs.sh", "kafka.admin.ConfigCommand"),
    ("kafka-console-producer.sh", "org.apache.kafka.tools.ConsoleProducer"),
    ("kafka-console-consumer.sh", "org.apache.kafka.tools.consumer.ConsoleConsumer"),
];

/// Fetches the jars and writes what belongs to them.
pub(crate) fn install(directory: &Path, version: &str) -> Result<()> {
    // Connect is not needed, and is as large as all the rest.
    let without =
        &["org.apache.kafka:connect-runtime", "org.apache.kafka:connect-api", "org.apache.kafka:connect-json"];
    let artifacts = vec![
        jar("org.apache.kafka", "kafka_2.13", version),
        Artifact { without, ..jar("org.apache.kafka", "kafka-tools", version) },
        jar("org.apache.logging.log4j", "log4j-slf4j-impl", "2.25.4"),
        jar("org.apache.logging.log4j", "log4j-core", "2.25.4"),
    ];
    maven::copy(directory, &[("libs", artifacts)])?;
    for (name, target, level) in LOGGING {
        let logging = format!(
            "Configuration:\n  Appenders:\n    Console: {{name: out, target: {target}, \
             PatternLayout: {{pattern: \"[%d] %p %m (%c)%n\"}}}}\n  Loggers:\n    \
             Root: {{level: {level}, AppenderRef: [{{ref: out}}]}}\n"
        );
        write(&directory.join(format!("{name}.yaml")), &logging)?;
    }
    let bin = bin(directory);
    fs::create_dir(&bin).map_err(Error::io("creating", &bin))?;
    for (name, class) in SCRIPTS {
        let path = bin.join(name);
        write(&path, &script(class))?;
        fs::set_permissions(&path, Permissions::from_mode(0o755)).map_err(Error::io("opening up", &path))?;
    }
    Ok(())
}

/// Where the tools lie, for a PATH.
pub(crate) fn bin(directory: &Path) -> PathBuf {
    directory.join("bin")
}

/// With the flags of Java that Kafka's own distribution gives its tools, so
/// that they take the time that they take there.
fn script(class: &str) -> String {
    format!(
        "#!/bin/sh\n\
         home=$(cd \"$(dirname \"$(readlink -f \"$0\")\")/..\" && pwd)\n\
         java=java\n\
         [ -z \"$JAVA_HOME\" ] || java=$JAVA_HOME/bin/java\n\
         exec \"$java\" ${{KAFKA_HEAP_OPTS:--Xmx256M}} -server -XX:+UseG1GC -XX:MaxGCPauseMillis=20 \
         -XX:InitiatingHeapOccupancyPercent=35 -XX:+ExplicitGCInvokesConcurrent -Djava.awt.headless=true \
         -Dlog4j2.configurationFile=\"$home/tools.yaml\" $KAFKA_OPTS -cp \"$home/libs/*\" {class} \"$@\"\n"
    )
}

/// Kafka's jars and the Java that runs them.
#[derive(Debug)]
pub(crate) struct Program {
    pub(super) java: Java,
    home: PathBuf,
    classes: Classes,
}

/// Installs Kafka where needed, and makes the archives of its classes.
pub(crate) fn program() -> Result<Program> {
    let java = java::find(17, "apt-get install openjdk-17-jre-headless")?;
    let home = installed(Package::Kafka)?;
    let classes = cache::entry(&Package::Kafka.place_of(&format!("classes-{}", java.build)), |place| {
        make_archives(Program { java: java.clone(), home: home.clone(), classes: Classes::Make(place.to_owned()) })
    })?;
    Ok(Program { java, home, classes: Classes::Use(classes) })
}

/// Runs everything once: a cluster's formatting, a broker, a tool.
fn make_archives(program: Program) -> Result<()> {
    eprintln!("testbed: making archives of Kafka's classes (once; kept in the cache)");
    let guard = Guard::new()?;
    let (port, nodes) = (ports::lease(None)?, 1);
    let number = port.number;
    let mut list = program.tool(TOPICS);
    list.args(["--bootstrap-server", &format!("{HOST}:{number}"), "--list"]);
    for (_port, node) in super::prepare_with(program, &guard.directory().join("kafka"), nodes, port)? {
        let mut broker = node.command(&guard, number)?;
        let mut broker = guard.start(broker.stdout(Stdio::null()).stderr(Stdio::null()))?;
        if wait_until(node.start_limit(), || node.is_ready(number)) {
            client::run(&mut list, "asking Kafka")?;
        }
        // It writes its archive at its end.
        broker.end(Signal::TERM, Duration::from_secs(120))?;
    }
    Ok(())
}

impl Program {
    /// One of the tools, of the class's name.
    pub(super) fn tool(&self, class: &str) -> Command {
        let mut tool = Command::new(&self.java.program);
        tool.args(["-Xmx128m", "-XX:-UsePerfData"]);
        self.flags(&mut tool, "tools", if class == FORMAT { "format" } else { "tools" }, class);
        tool
    }

    /// The broker; the file with its settings is for the caller to add.
    pub(super) fn broker(&self, server: &mut Command) {
        self.flags(server, "server", "server", "kafka.Kafka");
    }

    fn flags(&self, command: &mut Command, logging: &str, archive: &str, class: &str) {
        let logging = self.home.join(format!("{logging}.yaml"));
        command.args(FRUGAL).args(self.classes.flag(archive));
        command.arg(format!("-Dlog4j2.configurationFile={}", logging.display()));
        command.arg("-cp").arg(self.home.join("libs/*")).arg(class);
        command.env_remove("JAVA_TOOL_OPTIONS").env_remove("CLASSPATH");
    }
}
