//! The user's file, `.forge/usage.toml`: prices, profiles, budgets. Found, read and taken apart into
//! sections that name their lines; what the sections mean is the business of the rooms that use them.

mod lines;
mod profile;
mod section;
mod value;

use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

pub use profile::schema as profiles_schema;
pub use profile::{Profile, Profiles};
pub use section::{Field, Section};

use crate::error::{Error, ErrorKind, Result};
use lines::Lines;

/// Words that may stand at the top of the file.
const KNOWN: [&str; 3] = ["prices", "profiles", "budget"];

/// More is no file that somebody wrote by hand.
const MOST_BYTES: u64 = 4 * 1024 * 1024;

/// A file that was read. The one that nobody wrote is empty.
#[derive(Debug, Clone, Default)]
pub struct Config {
    lines: Lines,
    entries: Vec<value::Entry>,
}

impl Config {
    /// `.forge/usage.toml` in `start` or the nearest folder above it that has one. Fails if that is no file.
    pub fn find(start: &Path) -> Result<Option<PathBuf>> {
        let start = std::path::absolute(start).map_err(|cause| Error::io(start, cause))?;
        let mut candidates = start.ancestors().map(|folder| folder.join(".forge").join("usage.toml"));
        let found = candidates.find(|file| file.symlink_metadata().is_ok());
        let what = match found.as_deref().filter(|file| !file.is_file()) {
            None => return Ok(found),
            Some(folder) if folder.is_dir() => "a folder, and should be a file",
            Some(link) if link.is_symlink() && !link.exists() => "a link that leads nowhere",
            Some(_) => "no regular file",
        };
        let path = found.unwrap_or_default();
        Err(Error::new(ErrorKind::Config, format!("{} is {what}", path.display())))
    }

    /// Reads a file.
    pub fn read(path: &Path) -> Result<Config> {
        let mut text = String::new();
        // A device has no length, and a file may grow.
        let read = File::open(path).and_then(|file| file.take(MOST_BYTES + 1).read_to_string(&mut text));
        let length = read.map_err(|cause| Error::io(path, cause))?;
        if length as u64 > MOST_BYTES {
            let message = format!("{} is too large to be a configuration", path.display());
            return Err(Error::new(ErrorKind::Config, message));
        }
        Config::parse(path, &text)
    }

    /// Takes apart the text of the file at `path`. Fails at a word it doesn't know, with the line.
    pub fn parse(path: &Path, text: &str) -> Result<Config> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let lines = Lines::new(path, text);
        let entries =
            value::parse(text).map_err(|(message, span)| lines.at(span, Error::new(ErrorKind::Config, message)))?;
        let config = Config { lines, entries };
        config.root().only(&KNOWN)?;
        config.profiles()?;
        Ok(config)
    }

    /// Where it was found; `None` for the one that nobody wrote.
    pub fn path(&self) -> Option<&Path> {
        self.lines.path()
    }

    /// The folder from which the paths in it are looked for: the one that holds `.forge`, or else the file; `None` for the
    /// one that nobody wrote.
    pub fn folder(&self) -> Option<&Path> {
        let folder = self.path()?.parent()?;
        if folder.ends_with(".forge") { folder.parent() } else { Some(folder) }
    }

    /// The sections `[prices."model"]` or `[[prices."model"]]`, each with its model, in the order of the file.
    pub fn prices(&self) -> Result<Vec<(&str, Section<'_>)>> {
        let Some(prices) = self.root().get("prices") else { return Ok(Vec::new()) };
        let mut all = Vec::new();
        for field in prices.section()?.fields() {
            all.extend(field.sections()?.into_iter().map(|section| (field.key(), section)));
        }
        Ok(all)
    }

    /// What the sections `[profiles.NAME]` say.
    pub fn profiles(&self) -> Result<Profiles> {
        match self.root().get("profiles") {
            Some(profiles) => Profiles::read(&profiles.section()?),
            None => Ok(Profiles::default()),
        }
    }

    /// The items `[[budget]]`, in the order of the file.
    pub fn budgets(&self) -> Result<Vec<Section<'_>>> {
        self.root().get("budget").map_or(Ok(Vec::new()), |budgets| budgets.sections())
    }

    fn root(&self) -> Section<'_> {
        Section { lines: &self.lines, name: String::new(), entries: &self.entries, span: 0..0 }
    }
}

#[cfg(test)]
mod tests {
    use super::Config;
    use std::path::Path;

    fn parse(text: &str) -> Result<Config, String> {
        Config::parse(Path::new("usage.toml"), text).map_err(|error| error.to_string())
    }

    #[test]
    fn a_typo_names_its_line_and_the_nearest_word() {
        let error = parse("\n[pricse.\"x\"]\ninput = 1\n").unwrap_err();
        assert_eq!(error, "usage.toml:2: unknown key \"pricse\"; did you mean prices?");
        let error = parse("[profiles.a]\nmodel = \"x\"\n\nbiling = \"api\"\n").unwrap_err();
        assert_eq!(error, "usage.toml:4: unknown key \"biling\"; did you mean billing?");
        let error = parse("[profiles.a]\nbilling = \"subscribtion\"\n").unwrap_err();
        assert_eq!(error, "usage.toml:2: unknown billing \"subscribtion\"; did you mean subscription?");
    }

    #[test]
    fn what_is_no_toml_names_its_line() {
        let error = parse("[prices]\nx = = 1\n").unwrap_err();
        assert!(error.starts_with("usage.toml:2: "), "{error}");
    }

    #[test]
    fn a_value_of_the_wrong_kind_says_what_it_must_be() {
        let error = parse("[profiles.a]\nmodel = 5\n").unwrap_err();
        assert_eq!(error, "usage.toml:2: model must be a text in quotes, not 5");
        assert_eq!(parse("profiles = 1\n").unwrap_err(), "usage.toml:1: profiles must be a table [profiles], not 1");
    }

    #[test]
    fn numbers_keep_every_digit() {
        let config = parse("[prices.x]\ninput = 0.000_000_000_001\noutput = 1e-3\n").expect("a file");
        let (_, section) = &config.prices().expect("prices")[0];
        assert_eq!(section.require("input").unwrap().dollars().unwrap().pico(), 1);
        assert_eq!(section.require("output").unwrap().dollars().unwrap().pico(), 1_000_000_000);
        assert_eq!(section.require("cache").unwrap_err().to_string(), "usage.toml:1: [prices.x] lacks cache");
    }

    #[test]
    fn items_come_in_the_order_of_the_file() {
        let config = parse("[[budget]]\nname = \"z\"\n[[budget]]\nname = \"a\"\n").expect("a file");
        let names: Vec<_> =
            config.budgets().unwrap().iter().map(|item| item.get("name").unwrap().text().unwrap().to_owned()).collect();
        assert_eq!(names, ["z", "a"]);
        assert_eq!(config.budgets().unwrap()[1].error("odd").to_string(), "usage.toml:3: odd");
    }

    #[test]
    fn a_file_marked_as_utf_8_and_one_with_crlf_are_read() {
        let config = parse("\u{feff}[profiles.a]\r\nmodel = \"x\"\r\n").expect("a file");
        assert_eq!(config.profiles().unwrap().model("a").as_deref(), Some("x"));
    }
}
