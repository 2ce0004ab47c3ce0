//! Tries every import while it says what it is; its summary tells what came
//! of it.
use hyhost_guests::{audit, files, log, manifest, perform, types};

fn class(error: types::Error) -> &'static str {
    match error {
        types::Error::Denied(_) => "denied",
        _ => "other",
    }
}

hyhost_guests::only_describes!({
    log::write(&log::Level::Info, "a word");
    audit::note("role/a", "a word");
    let created = perform("CreateRole", r#"{"name":"evil"}"#).map(|_| ()).map_err(class);
    let listed = files::list("migrations").map(|_| ()).map_err(class);
    types::Manifest { summary: format!("{created:?} {listed:?}"), ..manifest("describe-acts") }
});
