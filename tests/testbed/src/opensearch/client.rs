//! A reader that is not ours: `curl`.

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::Command;

use crate::client::{run, run_fed};
use crate::{Error, Instance, Result, Server, Testbed, random, tool};

/// Who asks.
enum As<'a> {
    User(&'a str, &'a str),
    /// The certificate that may do everything, even with the reserved.
    Certificate,
}

impl Testbed {
    /// Sends a request to OpenSearch as its administrator and returns the
    /// answer's body. A body is sent as JSON.
    ///
    /// # Errors
    /// [`Error::Failed`] with the status and the body when the answer is no success.
    pub fn curl(&self, method: &str, path: &str, body: Option<&str>) -> Result<String> {
        let opensearch = self.get(Server::OpenSearch)?;
        success(self.ask(&As::User(opensearch.user(), opensearch.password()), method, path, body)?)
    }

    /// The same as any user: for what a user may and may not do, and whether
    /// its password is the one that it should be.
    ///
    /// # Errors
    /// Those of [`Testbed::curl`].
    pub fn curl_as(&self, user: &str, password: &str, method: &str, path: &str, body: Option<&str>) -> Result<String> {
        success(self.ask(&As::User(user, password), method, path, body)?)
    }

    /// The same by the admin certificate, which may change even what is reserved.
    ///
    /// # Errors
    /// Those of [`Testbed::curl`].
    pub fn curl_by_certificate(&self, method: &str, path: &str, body: Option<&str>) -> Result<String> {
        success(self.ask(&As::Certificate, method, path, body)?)
    }

    /// [`Testbed::curl`] for any answer: its status and its body.
    ///
    /// # Errors
    /// [`Error::Failed`] with curl's message when there is no answer.
    pub fn curl_status(&self, method: &str, path: &str, body: Option<&str>) -> Result<(u16, String)> {
        let opensearch = self.get(Server::OpenSearch)?;
        self.ask(&As::User(opensearch.user(), opensearch.password()), method, path, body)
    }

    fn ask(&self, who: &As<'_>, method: &str, path: &str, body: Option<&str>) -> Result<(u16, String)> {
        let opensearch = self.get(Server::OpenSearch)?;
        let login = self.directory().join(format!("curl-{}.conf", random::password()?));
        write_login(&login, opensearch, who)?;
        let mut curl = curl(&login)?;
        curl.args(["--max-time", "60", "--request", method, "--write-out", "\n%{http_code}"]);
        let url = format!("{}/{}", variable(opensearch, "OPENSEARCH_URL"), path.trim_start_matches('/'));
        let said = match body {
            Some(body) => {
                curl.args(["--header", "content-type: application/json", "--data-binary", "@-"]).arg(url);
                run_fed(&mut curl, body.as_bytes(), "asking OpenSearch")
            }
            None => run(curl.arg(url), "asking OpenSearch"),
        };
        fs::remove_file(&login).map_err(Error::io("removing", &login))?;
        let said = said?;
        let (body, status) = said.rsplit_once('\n').unwrap_or(("", &said));
        Ok((status.parse().unwrap_or_default(), body.to_owned()))
    }
}

/// `curl` with a login and a CA from a file, so that no password is seen in
/// the list of processes.
pub(super) fn curl(login: &Path) -> Result<Command> {
    let mut curl = Command::new(tool::require("curl")?);
    // First: else its own file in the home is read.
    curl.arg("--disable").args(["--silent", "--show-error", "--globoff", "--config"]).arg(login);
    Ok(curl)
}

/// The file for [`curl`]: what the testbed writes holds no quotes.
pub(super) fn login_of(user: &str, password: &str, authority: &str) -> String {
    format!("user = \"{}:{}\"\ncacert = \"{authority}\"\n", quoted(user), quoted(password))
}

fn write_login(path: &Path, opensearch: &Instance, who: &As<'_>) -> Result<()> {
    let authority = variable(opensearch, "OPENSEARCH_CA");
    let text = match who {
        As::User(user, password) => login_of(user, password, &authority),
        As::Certificate => {
            let (cert, key) = (variable(opensearch, "OPENSEARCH_CERT"), variable(opensearch, "OPENSEARCH_KEY"));
            format!("cert = \"{cert}\"\nkey = \"{key}\"\ncacert = \"{authority}\"\n")
        }
    };
    let file = File::options().write(true).create_new(true).mode(0o600).open(path);
    file.and_then(|mut file| file.write_all(text.as_bytes())).map_err(Error::io("writing", path))
}

fn quoted(text: &str) -> String {
    text.replace('\\', "\\\\").replace('"', "\\\"")
}

fn variable(instance: &Instance, name: &str) -> String {
    instance.env().into_iter().find(|(known, _)| *known == name).map(|(_, value)| value).unwrap_or_default()
}

fn success((status, body): (u16, String)) -> Result<String> {
    match status {
        200..300 => Ok(body),
        _ => Err(Error::Failed {
            doing: "asking OpenSearch".into(),
            program: "curl".into(),
            status: format!("HTTP status {status}"),
            output: body,
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_success_is_one() {
        assert_eq!(success((201, "made".into())).unwrap(), "made");
        let said = success((403, "no".into())).unwrap_err().to_string();
        assert!(said.contains("HTTP status 403\nno"), "{said}");
    }

    #[test]
    fn a_login_may_hold_quotes() {
        assert_eq!(login_of("a\"b", "c\\d", "/ca"), "user = \"a\\\"b:c\\\\d\"\ncacert = \"/ca\"\n");
    }
}
