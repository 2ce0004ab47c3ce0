//! Postgres: roles, databases, schemas, extensions, privileges and default
//! privileges; by hand through psql.

use hyhost_testbed::{Result, Testbed};

use super::Case;

const POSTGRES: (&str, &str) = ("postgres", "main-db");

/// Every kind of the plugin `postgres`, but for migrations, which need files.
pub(crate) fn cases() -> Vec<Case> {
    vec![role(), adopted_role(), membership(), database(), schema(), extension(), grants(), default_privileges()]
}

/// In the database `postgres`.
fn sql(bed: &Testbed, text: &str) -> Result<String> {
    bed.psql("postgres", text)
}

fn role() -> Case {
    let desired = "{ roles: [ { name: pr_a, login: true, password: one, superuser: false, createdb: true, createrole: false,
        inherit: true, replication: false, bypassrls: false, connection_limit: 5, valid_until: 2040-01-31, comment: ours,
        settings: { search_path: 'app, \"$user\"', work_mem: 8MB, jit: false } } ] }";
    Case::new("role", POSTGRES, desired)
        .grant("[desired, { main-db: { role: { destroy: [pr_a] } } }]")
        .drift("login", "role/pr_a", |bed| sql(bed, "alter role pr_a nologin"))
        .drift("superuser", "role/pr_a", |bed| sql(bed, "alter role pr_a superuser"))
        .drift("createdb", "role/pr_a", |bed| sql(bed, "alter role pr_a nocreatedb"))
        .drift("createrole", "role/pr_a", |bed| sql(bed, "alter role pr_a createrole"))
        .drift("inherit", "role/pr_a", |bed| sql(bed, "alter role pr_a noinherit"))
        .drift("replication", "role/pr_a", |bed| sql(bed, "alter role pr_a replication"))
        .drift("bypassrls", "role/pr_a", |bed| sql(bed, "alter role pr_a bypassrls"))
        .drift("connection_limit", "role/pr_a", |bed| sql(bed, "alter role pr_a connection limit -1"))
        .drift("valid_until", "role/pr_a", |bed| sql(bed, "alter role pr_a valid until 'infinity'"))
        .drift("comment", "role/pr_a", |bed| sql(bed, "comment on role pr_a is null"))
        .drift("password", "role/pr_a", |bed| sql(bed, "alter role pr_a password 'by hand'"))
        .drift("a setting", "role/pr_a", |bed| sql(bed, "alter role pr_a set work_mem = '1MB'"))
        .drift("a list", "role/pr_a", |bed| sql(bed, "alter role pr_a reset search_path"))
        .drift("the whole role", "role/pr_a", |bed| sql(bed, "drop role pr_a"))
        .unmanaged(
            |bed| sql(bed, "alter role pr_a set statement_timeout = '77s'"),
            |bed| sql(bed, "select count(*) from pg_roles where rolname = 'pr_a' and rolpassword is not null"),
        )
        .prune("{ role: [pr_tmp_*] }", "role/pr_tmp_1", |bed| sql(bed, "create role pr_tmp_1"))
}

fn adopted_role() -> Case {
    Case::new("role that was there", POSTGRES, "{ roles: [ { name: pr_old, connection_limit: 3, comment: old } ] }")
        .adopts(|bed| sql(bed, "create role pr_old login connection limit 3; comment on role pr_old is 'old'"))
        .unmanaged(
            |bed| sql(bed, "alter role pr_old createdb valid until '2099-01-01'"),
            |bed| sql(bed, "select rolcanlogin, rolcreatedb, rolvaliduntil from pg_roles where rolname = 'pr_old'"),
        )
        .drift("connection_limit", "role/pr_old", |bed| sql(bed, "alter role pr_old connection limit 4"))
}

fn membership() -> Case {
    let desired = "{ roles: [ { name: pm_g }, { name: pm_h },
        { name: pm_a, member_of: [ pg_monitor, { role: pm_g, admin: true, inherit: false, set: true } ] } ] }";
    Case::new("membership", POSTGRES, desired)
        .grant("[desired, { main-db: { role: { destroy: [pm_a] } } }]")
        .drift("a membership", "role/pm_a", |bed| sql(bed, "revoke pg_monitor from pm_a"))
        .drift("the admin option", "role/pm_a", |bed| sql(bed, "revoke admin option for pm_g from pm_a"))
        .drift("the inherit option", "role/pm_a", |bed| sql(bed, "grant pm_g to pm_a with inherit true"))
        .drift("the set option", "role/pm_a", |bed| sql(bed, "grant pm_g to pm_a with set false"))
        .extra("another membership", "role/pm_a", |bed| sql(bed, "grant pm_h to pm_a"))
        .extra("another admin option", "role/pm_a", |bed| sql(bed, "grant pg_monitor to pm_a with admin option"))
}

fn database() -> Case {
    let desired =
        "{ roles: [ { name: pd_o } ], databases: [ { name: pd_a, owner: pd_o, template: template0, encoding: UTF8,
        collate: C, ctype: C, tablespace: pg_default, connection_limit: 20, comment: ours } ] }";
    Case::new("database", POSTGRES, desired)
        .drift("owner", "database/pd_a", |bed| sql(bed, "alter database pd_a owner to postgres"))
        .drift("connection_limit", "database/pd_a", |bed| sql(bed, "alter database pd_a connection limit 5"))
        .drift("comment", "database/pd_a", |bed| sql(bed, "comment on database pd_a is 'theirs'"))
        .drift("the whole database", "database/pd_a", |bed| sql(bed, "drop database pd_a"))
        .unmanaged(
            |bed| sql(bed, "alter database pd_a set work_mem = '9MB'"),
            |bed| sql(bed, "select count(*) from pg_database where datname = 'pd_a'"),
        )
        .extra("a privilege", "grant/database/pd_a", |bed| sql(bed, "grant create on database pd_a to pg_monitor"))
        .prune("{ database: [pd_tmp_*] }", "database/pd_tmp_1", |bed| sql(bed, "create database pd_tmp_1"))
        .prune("{ database: [pd_tmp_*], with_data: true }", "database/pd_tmp_2", |bed| {
            sql(bed, "create database pd_tmp_2")?;
            bed.psql("pd_tmp_2", "create table t ()")
        })
}

fn schema() -> Case {
    let desired = "{ roles: [ { name: ps_o } ], databases: [ { name: ps_d } ],
        schemas: [ { database: ps_d, name: app, owner: ps_o, comment: ours } ] }";
    Case::new("schema", POSTGRES, desired)
        .drift("owner", "schema/ps_d/app", |bed| bed.psql("ps_d", "alter schema app owner to postgres"))
        .drift("comment", "schema/ps_d/app", |bed| bed.psql("ps_d", "comment on schema app is null"))
        .drift("the whole schema", "schema/ps_d/app", |bed| bed.psql("ps_d", "drop schema app"))
        .extra("a privilege", "grant/schema/ps_d/app", |bed| bed.psql("ps_d", "grant usage on schema app to public"))
        .prune("{ schema: [ps_d/tmp_*] }", "schema/ps_d/tmp_1", |bed| bed.psql("ps_d", "create schema tmp_1"))
        .prune("{ schema: [ps_d/tmp_*], with_data: true }", "schema/ps_d/tmp_2", |bed| {
            bed.psql("ps_d", "create schema tmp_2; create table tmp_2.t ()")
        })
}

fn extension() -> Case {
    let desired = "{ databases: [ { name: pe_d } ], schemas: [ { database: pe_d, name: ext } ],
        extensions: [ { database: pe_d, name: pg_trgm, schema: ext, version: latest }, { database: pe_d, name: hstore } ] }";
    Case::new("extension", POSTGRES, desired)
        .drift("schema", "extension/pe_d/pg_trgm", |bed| bed.psql("pe_d", "alter extension pg_trgm set schema public"))
        .drift("version", "extension/pe_d/pg_trgm", |bed| {
            bed.psql("pe_d", "drop extension pg_trgm; create extension pg_trgm schema ext version '1.4'")
        })
        .drift("the whole extension", "extension/pe_d/hstore", |bed| bed.psql("pe_d", "drop extension hstore"))
        .prune("{ extension: [pe_d/citext] }", "extension/pe_d/citext", |bed| {
            bed.psql("pe_d", "create extension citext")
        })
}

fn grants() -> Case {
    let desired = "{ roles: [ { name: pgr_a }, { name: pgr_b } ], databases: [ { name: pgr_d } ],
        schemas: [ { database: pgr_d, name: app } ], grants: [
        { role: pgr_a, database: pgr_d, privileges: [connect, temporary] },
        { role: pgr_b, database: pgr_d, privileges: [connect], grant_option: true },
        { role: pgr_a, database: pgr_d, schema: app, privileges: [all] },
        { role: public, database: pgr_d, schema: app, privileges: [usage] },
        { role: pgr_a, database: pgr_d, schema: public, functions: [\"*\"], privileges: [execute] } ] }";
    Case::new("grant", POSTGRES, desired)
        .drift("on a database", "grant/database/pgr_d", |bed| sql(bed, "revoke temporary on database pgr_d from pgr_a"))
        .drift("the grant option", "grant/database/pgr_d", |bed| {
            sql(bed, "revoke grant option for connect on database pgr_d from pgr_b")
        })
        .drift("on a schema", "grant/schema/pgr_d/app", |bed| {
            bed.psql("pgr_d", "revoke usage on schema app from pgr_a")
        })
        .drift("of everybody", "grant/schema/pgr_d/app", |bed| {
            bed.psql("pgr_d", "revoke usage on schema app from public")
        })
        .drift("on what is new", "grant/function/pgr_d/public/f(integer, text[])", |bed| {
            bed.psql("pgr_d", "create function public.f(int, text[]) returns int language sql as 'select 1'")
        })
        .extra("a privilege", "grant/database/pgr_d", |bed| sql(bed, "grant create on database pgr_d to pgr_a"))
        .extra("a grant option", "grant/database/pgr_d", |bed| {
            sql(bed, "grant connect on database pgr_d to pgr_a with grant option")
        })
        .extra("somebody else", "grant/schema/pgr_d/app", |bed| bed.psql("pgr_d", "grant usage on schema app to pgr_b"))
}

fn default_privileges() -> Case {
    let desired = "{ roles: [ { name: pp_o }, { name: pp_r }, { name: pp_s } ], databases: [ { name: pp_d } ],
        schemas: [ { database: pp_d, name: app } ], default_privileges: [
        { owner: pp_o, database: pp_d, objects: tables, role: pp_r, privileges: [select, insert] },
        { owner: pp_o, database: pp_d, schema: app, objects: sequences, role: pp_r, privileges: [all] },
        { owner: pp_o, database: pp_d, schema: app, objects: functions, role: pp_r, privileges: [execute], grant_option: true },
        { owner: pp_o, database: pp_d, objects: types, role: pp_r, privileges: [usage] },
        { owner: pp_o, database: pp_d, objects: schemas, role: pp_r, privileges: [usage] } ] }";
    const TABLES: &str = "default_privileges/pp_d/pp_o/tables";
    Case::new("default privileges", POSTGRES, desired)
        .drift("on tables", TABLES, |bed| {
            bed.psql("pp_d", "alter default privileges for role pp_o revoke insert on tables from pp_r")
        })
        .drift("in a schema", "default_privileges/pp_d/app/pp_o/sequences", |bed| {
            bed.psql("pp_d", "alter default privileges for role pp_o in schema app revoke usage on sequences from pp_r")
        })
        .drift("the grant option", "default_privileges/pp_d/app/pp_o/functions", |bed| {
            let text = "alter default privileges for role pp_o in schema app revoke grant option for execute on functions from pp_r";
            bed.psql("pp_d", text)
        })
        .drift("on types", "default_privileges/pp_d/pp_o/types", |bed| {
            bed.psql("pp_d", "alter default privileges for role pp_o revoke usage on types from pp_r")
        })
        .drift("on schemas", "default_privileges/pp_d/pp_o/schemas", |bed| {
            bed.psql("pp_d", "alter default privileges for role pp_o revoke usage on schemas from pp_r")
        })
        .extra("somebody else", TABLES, |bed| {
            bed.psql("pp_d", "alter default privileges for role pp_o grant delete on tables to pp_s")
        })
}
