//! The kinds of servers that a testbed knows.

use crate::install::Package;

/// A kind of server that the testbed can run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Server {
    /// PostgreSQL 18: superuser `postgres`, passwords by SCRAM, no TLS.
    Postgres,
    /// The MinIO server, one drive, no TLS.
    Minio,
    /// Apache Kafka in KRaft mode, one node: the standard authorizer, SCRAM
    /// accounts, TLS with a CA of its own.
    Kafka,
    /// The same with three nodes, each of which is an [`crate::Instance`] that
    /// can be killed and started by itself: see [`crate::Testbed::node`].
    Kafka3,
    /// OpenSearch 3.4.0 with its security plugin, one node, TLS with a CA of
    /// its own. It needs Java 21 or newer.
    OpenSearch,
    /// SeaweedFS, an S3 server that is not MinIO, without TLS.
    SeaweedFs,
    /// Debian's PostgreSQL 15: superuser `postgres`, passwords by SCRAM, TLS
    /// alone, with a CA of its own.
    Postgres15,
}

impl Server {
    /// Every kind.
    pub const ALL: [Server; 7] = [
        Server::Postgres,
        Server::Minio,
        Server::Kafka,
        Server::Kafka3,
        Server::OpenSearch,
        Server::SeaweedFs,
        Server::Postgres15,
    ];

    /// One for each of hyhost's backends: what the example documents need.
    pub const DEMO: [Server; 4] = [Server::Postgres, Server::Minio, Server::Kafka, Server::OpenSearch];

    /// Its name in messages, directories and on the command line.
    pub fn name(self) -> &'static str {
        match self {
            Server::Postgres => "postgres",
            Server::Minio => "minio",
            Server::Kafka => "kafka",
            Server::Kafka3 => "kafka3",
            Server::OpenSearch => "opensearch",
            Server::SeaweedFs => "seaweedfs",
            Server::Postgres15 => "postgres15",
        }
    }

    /// The kind of this name.
    pub fn named(name: &str) -> Option<Server> {
        Server::ALL.into_iter().find(|server| server.name() == name)
    }

    /// What must be installed before it can run and be asked.
    pub fn packages(self) -> &'static [Package] {
        match self {
            Server::Postgres => &[Package::Postgres],
            Server::Minio => &[Package::Minio, Package::Mc],
            Server::Kafka | Server::Kafka3 => &[Package::Kafka],
            Server::OpenSearch => &[Package::OpenSearch],
            // Debian's own.
            Server::Postgres15 => &[],
            Server::SeaweedFs => &[Package::SeaweedFs, Package::Mc],
        }
    }

    /// How many processes it is made of.
    pub fn nodes(self) -> u16 {
        match self {
            Server::Kafka3 => 3,
            _ => 1,
        }
    }
}

impl std::fmt::Display for Server {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.write_str(self.name())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_back() {
        for server in Server::ALL {
            assert_eq!(Server::named(server.name()), Some(server));
        }
        assert_eq!(Server::named("mysql"), None);
    }
}
