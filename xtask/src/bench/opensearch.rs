//! Index templates, beside a loop of `curl`.

use std::fmt::Write;
use std::fs;
use std::path::Path;

use anyhow::Result;
use hyhost_testbed::{Server, Testbed};

use super::commands::{Bench, Program, Servers, variable};
use super::race::{changed, race, unchanged, whatever};
use super::table::Target;
use super::{Outcome, after, machine, side};

/// Index templates, the rounds, and how many times faster than `curl`.
const TEMPLATES: usize = 200;
const ROUNDS: usize = 3;
const TIMES: f64 = 5.0;

/// The document and, for `curl`, a directory of bodies.
const NAME: &str = "templates";

/// Everything about index templates.
///
/// # Errors
/// Something does not work.
pub(crate) fn opensearch(program: &Program) -> Result<Outcome> {
    let bench = Bench::new(program, &[Server::OpenSearch.into()], Servers::Shared)?;
    let versions = machine::versions(&bench)?;
    let bodies = bench.ours.directory().join("bodies");
    write(&bench, &bodies)?;
    let ours = |check| side("`hyhost run`", true, check, || bench.documents(NAME));
    let directory = bodies.display().to_string();
    let script = || bench.program("sh", &["xtask/src/bench/templates.sh", &directory]);
    let theirs = || side("a loop of `curl`", false, whatever, script);
    let anew = || forget(&bench.ours);
    let firsts = [after(anew, ours(changed)), after(anew, theirs())];
    let first = race(&format!("{TEMPLATES} index templates, first run"), ROUNDS, &bench.words, &firsts)?;
    let repeats = [ours(unchanged), theirs()];
    let again = race(&format!("{TEMPLATES} index templates, nothing left to do"), ROUNDS, &bench.words, &repeats)?;
    let target = |what: &str, part| {
        Target::ratio(&format!("{TEMPLATES} index templates, {what}, beside curl"), part, Some(TIMES))
    };
    let targets = vec![target("first run", &first), target("nothing to do", &again)];
    Ok(Outcome { parts: vec![first, again], targets, versions })
}

/// The same for both: what hyhost reads, and a file for each `curl`.
fn write(bench: &Bench, bodies: &Path) -> Result<()> {
    let server = bench.ours.get(Server::OpenSearch)?;
    let (url, authority) = (variable(server, "OPENSEARCH_URL")?, variable(server, "OPENSEARCH_CA")?);
    fs::create_dir_all(bodies)?;
    // The directory is the testbed's, and closed to others.
    fs::write(
        bodies.join("curl.conf"),
        format!("user = \"{}:{}\"\ncacert = \"{authority}\"\n", server.user(), server.password()),
    )?;
    let mut document = format!(
        "connections:\n  search:\n    http:\n      url: {url}\n      api: opensearch\n      \
         basic: {{ user: {}, password: admin }}\n      tls: {{ ca: \"{authority}\" }}\n\
         targets:\n  search:\n    plugin: opensearch\n    connection: search\n    grant: desired\n    \
         desired:\n      index_templates:\n",
        server.user()
    );
    for number in 0..TEMPLATES {
        let name = format!("bench-{number:03}");
        let body = body(&name);
        writeln!(document, "        - {{ name: {name}, body: {body} }}")?;
        fs::write(bodies.join(format!("{name}.json")), body)?;
    }
    bench.document(NAME, &document, &[("admin", server.password())])
}

/// JSON, which is YAML, too.
fn body(name: &str) -> String {
    let keyword = serde_json::json!({ "type": "keyword" });
    serde_json::json!({
        "index_patterns": [format!("{name}-*")],
        "priority": 100,
        "template": {
            "settings": { "number_of_shards": 1, "number_of_replicas": 0, "refresh_interval": "5s" },
            "mappings": { "properties": {
                "@timestamp": { "type": "date" }, "host": keyword, "level": keyword, "message": { "type": "text" },
            } },
        },
        "_meta": { "owner": "bench" },
    })
    .to_string()
}

/// Takes the index templates back, where there are any.
fn forget(bed: &Testbed) -> Result<()> {
    let (status, said) = bed.curl_status("DELETE", "_index_template/bench-*", None)?;
    match status {
        200 | 404 => Ok(()),
        _ => anyhow::bail!("OpenSearch answered {status} when the index templates were taken back: {said}"),
    }
}
