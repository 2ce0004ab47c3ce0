//! The rules that documents can break.

use serde::Serialize;

/// A rule: a stable word for `--json` and for tests.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Rule {
    // ---- files
    /// The directory of the documents is not there or cannot be listed.
    Directory,
    /// The directory holds no document.
    EmptyDirectory,
    /// A document cannot be read.
    UnreadableFile,
    /// A file or a value is larger than hyhost takes.
    TooLarge,
    // ---- YAML
    /// The file is not YAML.
    Syntax,
    /// The file is not UTF-8.
    Encoding,
    /// More than one document in a file.
    SeveralDocuments,
    /// An alias that stands for itself.
    Alias,
    /// A tag.
    Tag,
    /// A key that is no word.
    Key,
    /// `<<` on something that is no map.
    MergeKey,
    /// A key twice in one map.
    DuplicateKey,
    // ---- structure
    /// A name that two files declare.
    DuplicateName,
    /// A field that is not known there.
    UnknownField,
    /// A field that must be there.
    MissingField,
    /// Another type is needed.
    WrongType,
    /// Not one of the values that are taken.
    WrongValue,
    /// A number or a length out of its bounds.
    OutOfBounds,
    /// Not of the form that is needed.
    WrongForm,
    /// Something that hyhost cannot do yet.
    NotYet,
    /// A name of something that must not be empty or hold certain signs.
    WrongName,
    // ---- interpolation
    /// A variable that is not set.
    UnsetVariable,
    /// A variable and its `_FILE` are both set.
    VariableTwice,
    /// The file of a variable cannot be read.
    VariableFile,
    /// `${` that is none of the known forms.
    Interpolation,
    // ---- secrets
    /// A name for which there is no secret.
    UnknownSecret,
    /// A secret's file or variable is not there.
    MissingSecret,
    /// A secret's file cannot be read.
    UnreadableSecret,
    /// A secret of no characters, or not of text.
    WrongSecret,
    /// `${…}` where a secret's name belongs.
    InterpolatedSecret,
    // ---- connections
    /// A connection that is not declared.
    UnknownConnection,
    /// A connection of another capability than the plugin wants.
    WrongCapability,
    /// A slot that the plugin does not have, or one that has no connection.
    WrongSlot,
    /// An IP address in place of a host name.
    IpAddress,
    // ---- targets
    /// No target at all.
    NoTarget,
    /// `--target` and `--profile` leave none.
    NothingChosen,
    /// A plugin that is not loaded.
    UnknownPlugin,
    /// A target in `after` that is not there.
    UnknownTarget,
    /// Targets that wait for each other.
    Cycle,
    /// A pattern of `prune` that matches everything.
    PruneEverything,
    /// `prune` where not all names that documents mention are known.
    PruneUnsure,
    /// `exact` on an object that another target changes as well.
    ExactShared,
    /// A field that the plugin takes no value for, with its reason.
    Refused,
    /// One object declared in two places.
    DuplicateObject,
    // ---- grants
    /// A verb that grants do not know.
    UnknownVerb,
    /// A kind that the capability does not have.
    UnknownKind,
    /// A rule that grants nothing.
    EmptyGrant,
    /// A pattern that cannot be read.
    Pattern,
    /// The document asks for more than its grant allows.
    GrantTooSmall,
    // ---- files of the document
    /// A path that leads out of the directory.
    OutsideDirectory,
    /// A file or directory that the document names is not there.
    MissingFile,
    // ---- plugins
    /// The plugin's own schema cannot be used.
    PluginSchema,
}

impl Rule {
    /// The word.
    pub fn as_str(self) -> String {
        match serde_json::to_value(self) {
            Ok(serde_json::Value::String(word)) => word,
            _ => String::new(),
        }
    }
}
