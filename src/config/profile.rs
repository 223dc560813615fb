//! What the user says about a profile: `[profiles.NAME]`, where NAME may be a glob.

use std::path::{Path, PathBuf};

use globset::{GlobBuilder, GlobMatcher};
use serde_json::{Value, json};

use super::Section;
use crate::error::{Error, Result};
use crate::event::{Billing, Id};

/// What is said about one profile.
#[derive(Debug, Clone, Default)]
pub struct Profile {
    /// The model its runs use where their output names none.
    pub model: Option<Id>,
    /// The harness's home, where its session logs are: as it was written, until [`Profiles::placed`].
    pub home: Option<PathBuf>,
    /// How the account pays.
    pub billing: Option<Billing>,
}

/// All of them.
#[derive(Debug, Clone, Default)]
pub struct Profiles(Vec<(String, GlobMatcher, Profile)>);

impl Profiles {
    pub(super) fn read(section: &Section) -> Result<Profiles> {
        let mut all = Vec::new();
        for field in section.fields() {
            let glob = GlobBuilder::new(field.key()).literal_separator(false).build();
            let bad = |cause: globset::Error| format!("bad glob {:?}: {}", field.key(), cause.kind());
            let glob = glob.map_err(|cause| field.failed(Error::invalid(bad(cause))))?;
            all.push((field.key().to_owned(), glob.compile_matcher(), profile(&field.section()?)?));
        }
        Ok(Profiles(all))
    }

    /// The model of a profile's runs that don't name theirs.
    pub fn model(&self, profile: &str) -> Option<Id> {
        self.of(profile).find_map(|found| found.model.clone())
    }

    /// How a profile's account pays, as far as the user says.
    pub fn billing(&self, profile: &str) -> Option<Billing> {
        self.of(profile).find_map(|found| found.billing)
    }

    /// All of them with whole paths: `~` is the user's home, other homes are looked for from `base`.
    pub fn placed(mut self, base: &Path, user: Option<&Path>) -> Profiles {
        for home in self.0.iter_mut().filter_map(|(_, _, profile)| profile.home.as_mut()) {
            let placed = match (home.strip_prefix("~"), user) {
                (Ok(rest), Some(user)) => user.join(rest),
                _ => base.join(&*home),
            };
            *home = std::path::absolute(&placed).unwrap_or(placed);
        }
        self
    }

    /// Every home that is named, with the profile it was named for.
    pub fn homes(&self) -> impl Iterator<Item = (&str, &Path)> {
        self.0.iter().filter_map(|(name, _, profile)| Some((name.as_str(), profile.home.as_deref()?)))
    }

    /// Whether a session log may be of a profile's runs, as far as its path tells: it stands in the profile's home, or
    /// in none that we know.
    pub fn may_live_in(&self, profile: &str, log: &str) -> bool {
        match self.of(profile).find_map(|found| found.home.as_deref()) {
            Some(home) => std::path::absolute(log).is_ok_and(|log| log.starts_with(home)),
            None => default_home(profile, log),
        }
    }

    /// What is said about a profile: its own name goes before globs, those go in the order of the file.
    fn of<'a>(&'a self, profile: &'a str) -> impl Iterator<Item = &'a Profile> {
        let exact = self.0.iter().filter(move |(name, _, _)| name == profile);
        let globs = self.0.iter().filter(move |(name, glob, _)| name != profile && glob.is_match(profile));
        exact.chain(globs).map(|(_, _, found)| found)
    }
}

/// The keys of a profile, and what they mean.
const KEYS: [(&str, &str); 3] = [
    ("model", "The model of runs whose output names none."),
    ("home", "The harness's home, where its session logs are; looked for from the folder that holds .forge."),
    ("billing", "How the account pays: list prices are no bill of a subscription."),
];

/// JSON Schema of the `profiles` table of the file.
pub fn schema() -> Value {
    let value = |(name, meaning): (&str, &str)| {
        let mut schema = json!({ "type": "string", "description": meaning });
        if name == "billing" {
            schema["enum"] = json!(Billing::ALL.map(Billing::name));
        }
        (name.to_owned(), schema)
    };
    let properties: serde_json::Map<String, Value> = KEYS.into_iter().map(value).collect();
    json!({
        "description": "What is known of forge's profiles, by their names; a name may be a glob.",
        "type": "object",
        "additionalProperties": { "type": "object", "additionalProperties": false, "properties": properties },
    })
}

fn profile(section: &Section) -> Result<Profile> {
    section.only(&KEYS.map(|(name, _)| name))?;
    let billing = |field: super::Field| {
        let word = field.word("billing", &Billing::ALL.map(Billing::name))?;
        Ok::<_, Error>(Billing::ALL.into_iter().find(|billing| billing.name() == word))
    };
    Ok(Profile {
        model: section.get("model").map(|field| field.text()).transpose()?.map(Id::from),
        home: section.get("home").map(|field| field.text()).transpose()?.map(PathBuf::from),
        billing: section.get("billing").map(billing).transpose()?.flatten(),
    })
}

/// forge's own rule: profile `codex1` has the home `.codex-1`, `cc2` has `.claude-2`; without a number it is the
/// harness's default. This is no list of harnesses: a name that begins otherwise has any home.
fn default_home(profile: &str, log: &str) -> bool {
    const STEMS: [(&str, &str); 3] = [("codex", ".codex"), ("cc", ".claude"), ("claude", ".claude")];
    let Some((stem, home)) = STEMS.iter().find(|(stem, _)| profile.starts_with(stem)) else { return true };
    let digits: String = profile[stem.len()..].chars().take_while(char::is_ascii_digit).collect();
    let own = if digits.is_empty() { (*home).to_owned() } else { format!("{home}-{digits}") };
    let is_home = |part: &&str| {
        part.strip_prefix(home).is_some_and(|number| {
            let number = number.strip_prefix('-').unwrap_or(number);
            number.bytes().all(|byte| byte.is_ascii_digit())
        })
    };
    log.split(['/', '\\']).find(is_home).is_none_or(|found| found == own)
}

#[cfg(test)]
mod tests {
    use crate::config::Config;
    use crate::event::Billing;

    #[test]
    fn a_home_is_looked_for_from_its_file_or_from_the_users_home() {
        let text = "[profiles.cc1]\nhome = \"homes/one\"\n[profiles.cc2]\nhome = \"~/.claude-two\"\n";
        let config = Config::parse("/srv/kiln/.forge/usage.toml".as_ref(), text).unwrap();
        assert_eq!(config.folder(), Some("/srv/kiln".as_ref()));
        let profiles = config.profiles().unwrap().placed("/srv/kiln".as_ref(), Some("/home/ada".as_ref()));
        let own = [("cc1", "/srv/kiln/homes/one/projects/a.jsonl"), ("cc2", "/home/ada/.claude-two/projects/a.jsonl")];
        let holds = |(profile, log): (&str, &str)| profiles.may_live_in(profile, log);
        assert_eq!(own.map(holds), [true; 2]);
        assert_eq!([("cc1", own[1].1), ("cc2", own[0].1)].map(holds), [false; 2]);
    }

    #[test]
    fn a_name_goes_before_a_glob_and_globs_fill_in() {
        let text =
            "[profiles.\"codex*\"]\nmodel = \"b\"\nbilling = \"subscription\"\n[profiles.codex1]\nmodel = \"a\"\n";
        let profiles = Config::parse("x".as_ref(), text).unwrap().profiles().unwrap();
        assert_eq!(profiles.model("codex1").as_deref(), Some("a"));
        assert_eq!(profiles.model("codex2").as_deref(), Some("b"));
        assert_eq!(profiles.billing("codex1"), Some(Billing::Subscription));
        assert_eq!(profiles.model("cc1"), None);
    }
}
