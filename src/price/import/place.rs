//! Which models of the map have a place in the book, and who made them.

use crate::price::name::{Name, maker};

/// Clouds that sell it too.
const CLOUDS: [&str; 3] = ["azure", "bedrock", "vertex_ai"];

/// First letters of the makers' models: what else a cloud sells is not in the book.
const FAMILIES: [&str; 27] = [
    "claude",
    "gpt",
    "o1",
    "o3",
    "o4",
    "codex",
    "computer-use",
    "gemini",
    "gemma",
    "medlm",
    "learnlm",
    "grok",
    "deepseek",
    "kimi",
    "moonshot",
    "glm",
    "qwen",
    "qwq",
    "mistral",
    "ministral",
    "mixtral",
    "codestral",
    "devstral",
    "magistral",
    "pixtral",
    "voxtral",
    "open-mi",
];

/// Families that Alibaba and Mistral sell without making them.
const RESOLD: [&str; 5] = ["deepseek", "glm", "kimi", "zai", "minimax"];

/// Whether the provider made the model; `None` if it is none of the book's.
pub(super) fn place(key: &str, provider: &str) -> Option<bool> {
    let core = Name::parse(key).core;
    // The map's own names for other tiers and regions of a model that stands there too.
    if provider == "anthropic" && key.contains('/') {
        return None;
    }
    let is_of = |families: &[&str]| families.iter().any(|family| core.starts_with(family));
    if maker(provider) == Some(provider) {
        return Some(!is_of(&RESOLD) || ["deepseek", "zai", "moonshot"].contains(&provider));
    }
    // Reserved capacity is not paid by the token.
    let is_in_book = cloud(provider).is_some() && is_of(&FAMILIES) && !key.contains("commitment");
    // Vertex AI is Google's own shop.
    is_in_book.then_some(provider.starts_with("vertex_ai") && core.starts_with("gem"))
}

/// The cloud that a provider is, or is a part of.
pub(super) fn cloud(provider: &str) -> Option<&'static str> {
    CLOUDS.into_iter().find(|cloud| provider.starts_with(cloud))
}
