//! How OpenSearch is set up, started and found ready: one node with its
//! security plugin, TLS by a CA of its own.

mod client;
mod package;

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use rustix::process::Signal;

pub(crate) use package::install as install_package;

use crate::account::{Account, is_open_to_all, link_tree};
use crate::certificate::Authority;
use crate::guard::Guard;
use crate::install::{Package, install};
use crate::java::{self, Classes, FRUGAL, Java};
use crate::ports::{self, Port};
use crate::process::wait_until;
use crate::recipe::{HOST, Recipe};
use crate::{Error, Result, cache, client as programs, random};

/// The administrator, who is reserved: only the certificate may change it.
const USER: &str = "admin";

/// The name of the archive of its classes.
const ARCHIVE: &str = "server";

/// With these it stays below 600 MiB.
const MEMORY: [&str; 3] = ["-Xms256m", "-Xmx512m", "-XX:-UsePerfData"];

/// As its own distribution has them.
const FLAGS: [&str; 12] = [
    "-Dfile.encoding=UTF-8",
    "-Djna.nosys=true",
    "-Dio.netty.noUnsafe=true",
    "-Dio.netty.noKeySetOptimization=true",
    "-Dio.netty.recycler.maxCapacityPerThread=0",
    "-Dio.netty.allocator.numDirectArenas=0",
    "-Dlog4j.shutdownHookEnabled=false",
    "-Dlog4j2.disable.jmx=true",
    "-Dlog4j2.formatMsgNoLookups=true",
    "-Dopensearch.distribution.type=tar",
    "-Dopensearch.bundled_jdk=false",
    "--enable-native-access=ALL-UNNAMED",
];

const LOGGING: &str = "\
status = error
appender.console.type = Console
appender.console.name = console
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = info
rootLogger.appenderRef.console.ref = console
";

/// Threads and caches are small, since there is one machine; a disk that is
/// nearly full does not make it refuse what is written.
const SETTINGS: &str = "
cluster.name: testbed
node.name: node-1
network.host: 127.0.0.1
discovery.type: single-node
bootstrap.memory_lock: false
cluster.routing.allocation.disk.threshold_enabled: false
transport.ssl.enforce_hostname_verification: false
plugins.security.ssl.transport.pemcert_filepath: certificates/node.pem
plugins.security.ssl.transport.pemkey_filepath: certificates/node.key
plugins.security.ssl.transport.pemtrustedcas_filepath: certificates/ca.pem
plugins.security.ssl.http.enabled: true
plugins.security.ssl.http.pemcert_filepath: certificates/node.pem
plugins.security.ssl.http.pemkey_filepath: certificates/node.key
plugins.security.ssl.http.pemtrustedcas_filepath: certificates/ca.pem
plugins.security.ssl.http.clientauth_mode: OPTIONAL
plugins.security.authcz.admin_dn: [\"CN=admin,O=testbed\"]
plugins.security.nodes_dn: [\"CN=node,O=testbed\"]
plugins.security.allow_default_init_securityindex: true
plugins.security.restapi.roles_enabled: [all_access, security_rest_api_access]
plugins.security.enable_snapshot_restore_privilege: true
plugins.security.audit.type: noop
";

/// An OpenSearch that has been set up.
#[derive(Debug)]
pub(crate) struct OpenSearch {
    java: Java,
    /// The installation, where the server's account can reach it.
    home: PathBuf,
    classes: Classes,
    directory: PathBuf,
    account: Option<Account>,
    password: String,
    _transport: Port,
}

/// Installs all that a start would install.
pub(crate) fn ready_to_run() -> Result<()> {
    installed().map(drop)
}

/// Java, the installation, and the archive of its classes.
fn installed() -> Result<(Java, PathBuf, PathBuf)> {
    let java = java::find(21, "a JDK of that version in /usr/lib/jvm, or its directory in JAVA_HOME")?;
    let home = install(Package::OpenSearch)?;
    let place = Package::OpenSearch.place_of(&format!("classes-{}", java.build));
    let classes = cache::entry(&place, |place| make_archive(java.clone(), &home, place))?;
    Ok((java, home, classes))
}

/// Runs it once.
fn make_archive(java: Java, home: &Path, place: &Path) -> Result<()> {
    eprintln!("testbed: making an archive of OpenSearch's classes (once; kept in the cache)");
    let guard = Guard::new()?;
    fs::set_permissions(guard.directory(), Permissions::from_mode(0o711))
        .map_err(Error::io("opening up", guard.directory()))?;
    let port = ports::lease(None)?;
    let server = OpenSearch::set_up(java, home, &guard.directory().join("opensearch"), port.number)?;
    let mut command = server.command(&guard, port.number)?;
    let mut process = guard.start(command.stdout(Stdio::null()).stderr(Stdio::null()))?;
    wait_until(server.start_limit(), || server.is_ready(port.number));
    // It writes its archive at its end.
    process.end(Signal::TERM, Duration::from_secs(120))?;
    // Without one, a start takes longer, and that is all.
    let made = java::archive(&server.directory.join("tmp"), ARCHIVE);
    if made.exists() {
        fs::copy(&made, java::archive(place, ARCHIVE)).map_err(Error::io("copying", &made))?;
    }
    Ok(())
}

impl OpenSearch {
    /// Installs it where needed and writes its settings into `directory`,
    /// which must not exist.
    pub(crate) fn prepare(directory: &Path, port: u16) -> Result<OpenSearch> {
        let (java, home, archive) = installed()?;
        let mut server = OpenSearch::set_up(java, &home, directory, port)?;
        server.classes = Classes::Use(server.reachable(&archive, "classes")?);
        Ok(server)
    }

    /// The same before there is an archive of its classes: it will write one.
    fn set_up(java: Java, home: &Path, directory: &Path, port: u16) -> Result<OpenSearch> {
        DirBuilder::new().mode(0o700).create(directory).map_err(Error::io("creating", directory))?;
        let mut server = OpenSearch {
            java,
            home: home.to_owned(),
            classes: Classes::Make(directory.join("tmp")),
            directory: directory.to_owned(),
            account: Account::needed("OpenSearch")?,
            password: random::password()?,
            _transport: ports::lease(None)?,
        };
        server.home = server.reachable(home, "program")?;
        server.configure(port)?;
        Ok(server)
    }

    /// What is installed, as the server's account can reach it.
    fn reachable(&self, place: &Path, name: &str) -> Result<PathBuf> {
        if self.account.is_none() || is_open_to_all(place) {
            return Ok(place.to_owned());
        }
        let copy = self.directory.join(name);
        link_tree(place, &copy)?;
        Ok(copy)
    }

    fn configure(&self, port: u16) -> Result<()> {
        let config = self.directory.join("config");
        let certificates = config.join("certificates");
        create(&certificates)?;
        for place in ["data", "logs", "tmp", "snapshots"] {
            create(&self.directory.join(place))?;
        }
        let authority = Authority::new("opensearch-ca", &certificates)?;
        authority.issue("node", &[HOST])?;
        authority.issue("admin", &["admin"])?;
        let (place, transport) = (self.directory.display(), self._transport.number);
        let settings = format!(
            "path.data: {place}/data\npath.logs: {place}/logs\npath.repo: [\"{place}/snapshots\"]\n\
             http.port: {port}\ntransport.port: {transport}{SETTINGS}"
        );
        write(&config.join("opensearch.yml"), &settings)?;
        write(&config.join("log4j2.properties"), LOGGING)?;
        let security = config.join("opensearch-security");
        link_tree(&self.home.join(package::SECURITY).join("config"), &security)?;
        // The lowest cost: it is asked at each request.
        let hash = bcrypt::hash(&self.password, 4)
            .map_err(|error| Error::io_of("hashing", "a password")(std::io::Error::other(error)))?;
        let users = security.join("internal_users.yml");
        // Not written over: it is the installation's own file.
        fs::remove_file(&users).map_err(Error::io("removing", &users))?;
        write(
            &users,
            &format!(
                "_meta: {{ type: internalusers, config_version: 2 }}\n\
                 {USER}: {{ hash: \"{hash}\", reserved: true, backend_roles: [admin], description: administrator }}\n"
            ),
        )?;
        let authority = authority.path();
        write(&self.login(), &client::login_of(USER, &self.password, &authority.display().to_string()))?;
        self.hand_over()
    }

    /// Gives the account what it writes: the directory is closed to others.
    fn hand_over(&self) -> Result<()> {
        let Some(account) = self.account else { return Ok(()) };
        account.own(&self.directory)?;
        for place in ["data", "logs", "tmp", "snapshots", "config"] {
            account.own(&self.directory.join(place))?;
        }
        Ok(())
    }

    fn certificate(&self, name: &str) -> String {
        self.directory.join("config/certificates").join(name).display().to_string()
    }

    /// How `curl` logs in when it only asks whether the server is ready.
    fn login(&self) -> PathBuf {
        self.directory.join("curl.conf")
    }
}

impl Recipe for OpenSearch {
    fn user(&self) -> &'static str {
        USER
    }

    fn password(&self) -> &str {
        &self.password
    }

    fn env(&self, port: u16) -> Vec<(&'static str, String)> {
        vec![
            ("OPENSEARCH_URL", format!("https://{HOST}:{port}")),
            ("OPENSEARCH_USER", USER.into()),
            ("OPENSEARCH_PASSWORD", self.password.clone()),
            ("OPENSEARCH_CA", self.certificate("ca.pem")),
            ("OPENSEARCH_CERT", self.certificate("admin.pem")),
            ("OPENSEARCH_KEY", self.certificate("admin.key")),
            ("OPENSEARCH_SNAPSHOTS", self.directory.join("snapshots").display().to_string()),
        ]
    }

    fn command(&self, guard: &Guard, _: u16) -> Result<Command> {
        let mut server = guard.command(&self.java.program)?;
        server.args(MEMORY).args(FRUGAL).args(FLAGS).args(self.classes.flag(ARCHIVE));
        let place = self.directory.display();
        server.arg(format!("-Djava.io.tmpdir={place}/tmp"));
        server.arg(format!("-Dopensearch.path.home={}", self.home.display()));
        server.arg(format!("-Dopensearch.path.conf={place}/config"));
        server.arg("-cp").arg(self.home.join("lib/*")).arg("org.opensearch.bootstrap.OpenSearch");
        server.env("OPENSEARCH_PATH_CONF", self.directory.join("config"));
        server.env_remove("JAVA_TOOL_OPTIONS").env_remove("CLASSPATH");
        if let Some(account) = self.account {
            account.apply(&mut server);
        }
        server.current_dir(self.directory.join("logs"));
        Ok(server)
    }

    /// Whether it lets its administrator in and its indexes can be written.
    fn is_ready(&self, port: u16) -> bool {
        let Ok(mut curl) = client::curl(&self.login()) else { return false };
        let question = "_cluster/health?wait_for_status=yellow&timeout=1s";
        curl.args(["--fail", "--max-time", "5"]).arg(format!("https://{HOST}:{port}/{question}"));
        programs::run(&mut curl, "").is_ok()
    }

    fn start_limit(&self) -> Duration {
        Duration::from_secs(300)
    }

    fn orderly(&self) -> (Signal, Duration) {
        (Signal::TERM, Duration::from_secs(20))
    }
}

fn create(directory: &Path) -> Result<()> {
    fs::create_dir_all(directory).map_err(Error::io("creating", directory))
}

fn write(path: &Path, text: &str) -> Result<()> {
    fs::write(path, text).map_err(Error::io("writing", path))
}
