//! Names of models: what is the model, and what only says who sells it, when it was made, or how it is spelt.
//!
//! Two names are the same model only if their [`Name::core`]s are equal: nothing is ever cut from the core to make
//! it fit, so that no name can take the price of another version, size or family.

use crate::event::without_window;

/// A name taken apart. Spelling is evened out: lower case, dashes for dots and underscores.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Name {
    /// Who sells it, as the name says: `openrouter/anthropic/`, `us.anthropic.`; empty where it doesn't.
    pub(super) provider: String,
    /// The model: family, version, size.
    pub(super) core: String,
    /// The day it was made, eight digits.
    pub(super) date: Option<String>,
    /// Whether it says `-latest`.
    pub(super) is_latest: bool,
}

/// First parts of names that say who sells a model, or where.
const PROVIDERS: [&str; 47] = [
    "openai",
    "anthropic",
    "google",
    "gemini",
    "models",
    "google-ai-studio",
    "publishers",
    "vertex",
    "vertex-ai",
    "google-vertex",
    "xai",
    "x-ai",
    "deepseek",
    "deepseek-ai",
    "moonshot",
    "moonshotai",
    "zai",
    "z-ai",
    "zai-org",
    "zhipuai",
    "dashscope",
    "alibaba",
    "qwen",
    "mistral",
    "mistralai",
    "bedrock",
    "amazon-bedrock",
    "aws",
    "bedrock-mantle",
    "invoke",
    "converse",
    "claude-platform",
    "azure",
    "azure-ai",
    "azure-openai",
    "openrouter",
    "github-copilot",
    "opencode",
    "chatgpt",
    "us",
    "eu",
    "apac",
    "au",
    "jp",
    "global",
    "global-standard",
    "us-gov",
];

/// The makers by their names in the book, and what else names begin with that they sell themselves.
const MAKERS: [(&str, &[&str]); 9] = [
    ("openai", &[]),
    ("anthropic", &[]),
    ("gemini", &["google", "google-ai-studio", "models"]),
    ("xai", &["x-ai"]),
    ("deepseek", &["deepseek-ai"]),
    ("moonshot", &["moonshotai"]),
    ("zai", &["z-ai", "zai-org", "zhipuai"]),
    ("dashscope", &["alibaba", "qwen"]),
    ("mistral", &["mistralai"]),
];

/// The maker that this part of a name says, by its name in the book; `None`: it says none.
pub(super) fn maker(part: &str) -> Option<&'static str> {
    let found = MAKERS.iter().find(|(maker, others)| *maker == part || others.contains(&part));
    found.map(|(maker, _)| *maker)
}

/// Makers as Amazon Bedrock writes them before a dot: `us.anthropic.claude-…`.
const VENDORS: [&str; 9] =
    ["anthropic", "openai", "google", "xai", "deepseek", "moonshotai", "moonshot", "zai", "qwen"];

impl Name {
    /// Takes a name apart. What stands before a slash must be a known provider: else the whole is the core.
    pub(super) fn parse(text: &str) -> Name {
        let text = text.trim().to_lowercase();
        let text = without_window(&text);
        let (path, model) = text.rsplit_once('/').map_or(("", text), |(path, model)| (path, model));
        let is_known = path.is_empty() || path.split('/').all(is_provider);
        if !is_known {
            return Name { provider: String::new(), core: even(text), date: None, is_latest: false };
        }
        let mut provider = if path.is_empty() { String::new() } else { format!("{}/", even(path)) };
        let mut model = model.to_owned();
        if let Some((vendor, rest)) = bedrock(&model) {
            provider.push_str(vendor);
            model = rest.to_owned();
        }
        let even = even(model.strip_suffix("@default").unwrap_or(&model));
        let (mut core, is_latest) = match even.strip_suffix("-latest") {
            Some(rest) if !rest.is_empty() => (rest.to_owned(), true),
            _ => (even, false),
        };
        let date = date(&core).map(|(length, digits)| {
            core.truncate(core.len() - length);
            digits
        });
        Name { provider, core, date, is_latest }
    }
}

/// A provider's name, or an Amazon region such as `eu-central-1`.
fn is_provider(part: &str) -> bool {
    let part = even(part);
    let is_region = part.split('-').count() >= 3 && part.ends_with(|c: char| c.is_ascii_digit());
    PROVIDERS.contains(&part.as_str()) || (is_region && part.len() <= 16)
}

/// The vendor with its dot, and the model without Bedrock's own version: `anthropic.claude-x-v1:0`.
fn bedrock(model: &str) -> Option<(&str, &str)> {
    let start = VENDORS.iter().find_map(|vendor| {
        let at = model.find(&format!("{vendor}."))?;
        let region = &model[..at];
        let is_region = region.is_empty() || region.strip_suffix('.').is_some_and(is_provider);
        is_region.then_some(at + vendor.len() + 1)
    })?;
    let (vendor, rest) = model.split_at(start);
    let rest = rest.split_once(':').map_or(rest, |(name, _)| name);
    let version =
        rest.rsplit_once("-v").filter(|(_, digits)| digits.len() == 1 && digits.as_bytes()[0].is_ascii_digit());
    Some((vendor, version.map_or(rest, |(name, _)| name))).filter(|(_, rest)| !rest.is_empty())
}

fn even(text: &str) -> String {
    text.replace(['.', '_', '@'], "-")
}

/// The date at the end, as its length with the dash and its digits: `-20260115`, `-2026-01-15`.
fn date(core: &str) -> Option<(usize, String)> {
    let dash = |length: usize| {
        let at = core.len().checked_sub(length).filter(|at| *at > 0 && core.is_char_boundary(*at))?;
        let digits: String = core[at..].strip_prefix('-')?.split('-').collect();
        let parts: Vec<usize> = core[at + 1..].split('-').map(str::len).collect();
        let is_shaped = parts == [8] || parts == [4, 2, 2];
        (is_shaped && is_day(&digits)).then_some((length, digits))
    };
    dash(11).or_else(|| dash(9))
}

fn is_day(digits: &str) -> bool {
    let number = |range: std::ops::Range<usize>| digits.get(range).and_then(|text| text.parse::<u32>().ok());
    digits.bytes().all(|digit| digit.is_ascii_digit())
        && number(0..4).is_some_and(|year| (2018..2100).contains(&year))
        && number(4..6).is_some_and(|month| (1..=12).contains(&month))
        && number(6..8).is_some_and(|day| (1..=31).contains(&day))
}

#[cfg(test)]
mod tests {
    use super::Name;

    fn parts(text: &str) -> (String, String, Option<String>, bool) {
        let Name { provider, core, date, is_latest } = Name::parse(text);
        (provider, core, date, is_latest)
    }

    fn core(text: &str) -> String {
        Name::parse(text).core
    }

    #[test]
    fn who_sells_it_and_when_it_was_made_is_no_part_of_the_model() {
        let all = [
            "claude-opus-4-6",
            "Claude-Opus-4.6",
            "claude-opus-4-6-20260205",
            "claude-opus-4-6-2026-02-05",
            "claude-opus-4-6@20260205",
            "claude-opus-4-6@default",
            "claude-opus-4-6-latest",
            "claude-opus-4-6[1m]",
            "anthropic/claude-opus-4.6",
            "openrouter/anthropic/claude-opus-4.6",
            "anthropic.claude-opus-4-6-v1:0",
            "us.anthropic.claude-opus-4-6-v1",
            "bedrock/us-east-1/anthropic.claude-opus-4-6-v1",
            "vertex_ai/claude-opus-4-6@20260205",
        ];
        for name in all {
            assert_eq!(core(name), "claude-opus-4-6", "{name}");
        }
        assert_eq!(parts("us.anthropic.claude-x-20250929-v1:0").0, "us.anthropic.");
        assert_eq!(parts("gpt-4o-2024-08-06").2.as_deref(), Some("20240806"));
        assert_eq!(parts("devstral-latest"), (String::new(), "devstral".into(), None, true));
    }

    #[test]
    fn versions_sizes_and_families_are() {
        let distinct = ["gpt-5", "gpt-5.3", "gpt-5.3-codex", "gpt-5.3-codex-spark", "gpt-5-3-codex-mini", "grok-4.20"];
        for (at, name) in distinct.iter().enumerate() {
            for other in &distinct[at + 1..] {
                assert_ne!(core(name), core(other));
            }
        }
        assert_eq!(core("gpt-4-1106-preview"), "gpt-4-1106-preview");
        assert_eq!(core("grok-4.20-0309"), "grok-4-20-0309");
        assert_eq!(core("mistral-large-2512"), "mistral-large-2512");
    }

    #[test]
    fn an_unknown_seller_makes_it_another_model() {
        assert_eq!(core("acme/gpt-5"), "acme/gpt-5");
        assert_eq!(core("openai/acme/gpt-5"), "openai/acme/gpt-5");
    }

    #[test]
    fn odd_names_stay_what_they_are() {
        for name in
            ["", "-latest", "-20260101", "[1m]", "/", "anthropic.", "é-20260101", "日本-2026-01-01", "gpt-99999999"]
        {
            let _ = core(name);
        }
        assert_eq!(core("gpt-99999999"), "gpt-99999999");
        assert_eq!(core("-20260101"), "-20260101");
    }
}
