//! A thousand roles, beside `psql` with a file of as many statements: once each
//! with a password, once each with a membership and a privilege.

use std::fmt::Write;
use std::fs;
use std::process::Command;

use anyhow::{Context, Result};
use hyhost_testbed::{Server, Testbed, random};

use super::commands::{Bench, Program, Servers};
use super::race::{changed, race, unchanged, whatever};
use super::table::Target;
use super::{MEMORY, Outcome, after, machine, side};

/// Roles of a document, and the rounds.
const ROLES: usize = 1000;
const ROUNDS: usize = 3;

/// The documents, which are also what their files of statements are called.
const PASSWORDS: &str = "passwords";
const GRANTS: &str = "grants";

/// What the members are members of, and what they may connect to.
const TEAM: &str = "member_team";
const DATABASE: &str = "member_base";

/// Everything about roles.
///
/// # Errors
/// Something does not work.
pub(crate) fn roles(program: &Program) -> Result<Outcome> {
    let bench = Bench::new(program, &[Server::Postgres.into()], Servers::Apart)?;
    let versions = machine::versions(&bench)?;
    write_passwords(&bench)?;
    write_grants(&bench)?;
    let ours = |name: &'static str, check| {
        let bench = &bench;
        side("`hyhost run`", true, check, move || bench.documents(name))
    };
    let theirs = |name: &'static str| {
        let bench = &bench;
        side("`psql`, as many statements", false, whatever, move || statements(bench, name))
    };
    let race = |what: &str, sides: &[_]| race(&format!("{ROLES} roles {what}"), ROUNDS, &bench.words, sides);
    let firsts =
        [after(|| forget(&bench.ours), ours(PASSWORDS, changed)), after(|| forget(&bench.theirs), theirs(PASSWORDS))];
    let passwords = race("with passwords, first run", &firsts)?;
    let repeats = [ours(PASSWORDS, unchanged), theirs(PASSWORDS)];
    let passwords_again = race("with passwords, nothing left to do", &repeats)?;
    let firsts =
        [after(|| forget(&bench.ours), ours(GRANTS, changed)), after(|| forget(&bench.theirs), theirs(GRANTS))];
    let grants = race("with grants, first run", &firsts)?;
    prove(&bench)?;
    let grants_again = race("with grants, nothing left to do", &[ours(GRANTS, unchanged), theirs(GRANTS)])?;
    let mut targets = vec![
        Target::ratio(&format!("{ROLES} roles with passwords, first run, beside psql"), &passwords, None),
        Target::ratio(&format!("{ROLES} roles with grants, first run, beside psql"), &grants, Some(1.0)),
        Target::ratio(&format!("{ROLES} roles with grants, nothing to do, beside psql"), &grants_again, Some(1.0)),
    ];
    let parts = vec![passwords, passwords_again, grants, grants_again];
    targets.push(Target::memory("peak RSS of every hyhost of the part roles", &parts, MEMORY));
    Ok(Outcome { parts, targets, versions })
}

/// One psql with a file of as many statements.
fn statements(bench: &Bench, name: &str) -> Command {
    let mut command = bench.program("psql", &["-X", "-q", "-v", "ON_ERROR_STOP=1", "--single-transaction", "-f"]);
    command.arg(bench.place(name).join("all.sql"));
    command
}

fn head(bench: &Bench) -> Result<String> {
    let postgres = bench.ours.get(Server::Postgres)?;
    Ok(format!(
        "connections:\n  db:\n    sql: {{ host: {}, port: {}, user: {}, password: admin }}\n\
         targets:\n  roles:\n    plugin: postgres\n    connection: db\n    grant: desired\n    desired:\n      roles:\n",
        postgres.host(),
        postgres.port(),
        postgres.user()
    ))
}

/// A role that is made or changed, as the attributes say.
fn role(name: &str, attributes: &str) -> String {
    format!(
        "DO $$ BEGIN IF EXISTS (SELECT FROM pg_roles WHERE rolname = '{name}') \
         THEN ALTER ROLE {name} {attributes}; ELSE CREATE ROLE {name} {attributes}; END IF; END $$;\n"
    )
}

fn write_passwords(bench: &Bench) -> Result<()> {
    let (mut document, mut statements, mut secrets) = (head(bench)?, String::new(), Vec::new());
    for number in 0..ROLES {
        let (name, password) = (format!("bench_{number:04}"), random::password()?);
        writeln!(document, "        - {{ name: {name}, login: true, password: {name} }}")?;
        statements += &role(&name, &format!("LOGIN PASSWORD '{password}'"));
        secrets.push((name, password));
    }
    let admin = ("admin".to_owned(), bench.ours.get(Server::Postgres)?.password().to_owned());
    let secrets: Vec<_> = secrets.iter().chain([&admin]).map(|(name, value)| (name.as_str(), value.as_str())).collect();
    bench.document(PASSWORDS, &document, &secrets)?;
    fs::write(bench.place(PASSWORDS).join("all.sql"), statements).context("the statements cannot be written")
}

fn write_grants(bench: &Bench) -> Result<()> {
    let mut document = head(bench)?;
    writeln!(document, "        - {{ name: {TEAM} }}")?;
    let (mut statements, mut grants) = (role(TEAM, "NOLOGIN"), String::from("      grants:\n"));
    for number in 0..ROLES {
        let name = format!("member_{number:04}");
        writeln!(document, "        - {{ name: {name}, login: true, member_of: [{TEAM}] }}")?;
        writeln!(grants, "        - {{ role: {name}, database: {DATABASE}, privileges: [connect] }}")?;
        statements += &role(&name, "LOGIN");
        writeln!(statements, "GRANT {TEAM} TO {name};\nGRANT CONNECT ON DATABASE {DATABASE} TO {name};")?;
    }
    bench.document(GRANTS, &(document + &grants), &[("admin", bench.ours.get(Server::Postgres)?.password())])?;
    fs::write(bench.place(GRANTS).join("all.sql"), statements).context("the statements cannot be written")
}

/// Takes the roles back; the database is there, and nobody has a privilege on it.
fn forget(bed: &Testbed) -> Result<()> {
    bed.psql("postgres", &format!("drop database if exists {DATABASE} with (force)"))?;
    let sql = "do $$ declare name text; begin \
               for name in select rolname from pg_roles where rolname ~ '^(bench|member)_' loop \
               execute format('drop role %I', name); end loop; end $$";
    bed.psql("postgres", sql).context("the roles could not be dropped")?;
    bed.psql("postgres", &format!("create database {DATABASE}"))?;
    Ok(())
}

/// Both sides have made the same.
fn prove(bench: &Bench) -> Result<()> {
    let sql = format!(
        "select count(*) filter (where rolcanlogin), count(*) filter (where pg_has_role(oid, '{TEAM}', 'member')), \
         (select count(*) from pg_database, aclexplode(datacl) where datname = '{DATABASE}' \
         and grantee::regrole::text like 'member\\_%' and privilege_type = 'CONNECT') \
         from pg_roles where rolname ~ '^member_[0-9]'"
    );
    let wanted = format!("{ROLES}|{ROLES}|{ROLES}");
    for (who, bed) in [("hyhost", &bench.ours), ("psql", &bench.theirs)] {
        let found = bed.psql("postgres", &sql)?;
        anyhow::ensure!(found == wanted, "{who} made {found} logins, memberships and privileges, not {wanted}");
    }
    Ok(())
}
