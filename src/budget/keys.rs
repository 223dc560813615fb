//! The keys of a `[[budget]]`, defined once: the parser and the JSON Schema both follow this list.

use serde_json::{Value, json};

use super::limits::{Budget, OnUnknown, Severity};
use super::measure::{MEASURES, Measure};
use super::units;
use crate::table::Dimension;
use crate::table::schema::Kind;

/// One key of a `[[budget]]`.
#[derive(Debug)]
pub(super) struct Key {
    pub(super) name: &'static str,
    pub(super) takes: Takes,
    meaning: &'static str,
    example: Value,
}

/// What the value of a key must be.
#[derive(Debug, Clone, Copy)]
pub(super) enum Takes {
    /// A name that no other budget has.
    Name,
    /// A table of dimensions and globs.
    Where,
    /// One or more dimensions, or `total`.
    Per,
    /// The word of a [`Severity`].
    Severity,
    /// The word of an [`OnUnknown`].
    OnUnknown,
    /// A share: a number from 0 to 1, or a text such as `20%`. It is kept there.
    Share(fn(&mut Budget) -> &mut i64),
    /// A limit.
    Limit(&'static Measure),
}

/// The dimensions that a budget can be kept for each value of, and `total`.
pub(super) const PER: [&str; 12] =
    ["run", "conversation", "loop", "profile", "harness", "model", "repo", "hour", "day", "week", "month", "total"];

/// What those are called that have a short name, as columns are.
pub(super) const PER_IDS: [&str; 2] = ["run_id", "conversation_id"];

/// A share as a text: up to `100%`, or up to 1.
const SHARE: &str =
    concat!(r"^(0*(1_?0_?0(\.[0_]+)?|[0-9](_?[0-9])?(\.[0-9_]+)?)\s*%", r"|0*(1(\.[0_]+)?|0(\.[0-9_]+)?))$",);

/// All keys, in the order of the schema.
pub(super) fn keys() -> Vec<Key> {
    let key = |name, takes, meaning, example| Key { name, takes, meaning, example };
    let mut keys = vec![
        key("name", Takes::Name, "Name in every output; no two budgets share one.", json!("nightly swarm")),
        key(
            "where",
            Takes::Where,
            "Only usage whose dimensions match these globs counts; of several globs for one dimension, any.",
            json!({ "loop": "rust-*", "harness": ["codex", "claude"] }),
        ),
        key(
            "per",
            Takes::Per,
            "The limit holds for each value of this dimension, or of each combination of several.",
            json!("day"),
        ),
    ];
    keys.extend(MEASURES.iter().map(|measure| {
        let example = match measure.kind {
            Kind::Usd => json!(25.5),
            Kind::Tokens => json!("40M"),
            Kind::Millis => json!("2h 30m"),
            _ => json!(10),
        };
        key(measure.key, Takes::Limit(measure), measure.meaning, example)
    }));
    keys.extend([
        key("severity", Takes::Severity, "error: a broken budget fails the check; warn: it is shown.", json!("warn")),
        key(
            "warn_at",
            Takes::Share(|budget| &mut budget.warn_at),
            "Share of the limit from which the state is warn.",
            json!(0.8),
        ),
        key(
            "max_unknown",
            Takes::Share(|budget| &mut budget.max_unknown),
            "Share of runs whose usage may be unknown or a floor; beyond it a budget that isn't exceeded is unproven.",
            json!("20%"),
        ),
        key(
            "on_unknown",
            Takes::OnUnknown,
            "What an unproven budget does: fail the check, warn, or be judged by what is known.",
            json!("fail"),
        ),
    ]);
    keys
}

/// JSON Schema of what stands under `budget` in a policy file: the `[[budget]]` list, or one table `[budget]`.
pub fn schema() -> Value {
    let keys = keys();
    let properties: serde_json::Map<String, Value> =
        keys.iter().map(|key| (key.name.to_owned(), key.schema())).collect();
    let limits: Vec<Value> = MEASURES.iter().map(|measure| json!({ "required": [measure.key] })).collect();
    let budget = json!({
        "type": "object",
        "additionalProperties": false,
        "required": ["name"],
        "anyOf": limits,
        "properties": properties,
    });
    // What is said of objects holds for one table alone, and `items` for a list.
    let mut schema = budget.clone();
    schema["description"] = "Limits that `forge-usage check` holds usage against.".into();
    schema["type"] = json!(["array", "object"]);
    schema["items"] = budget;
    schema
}

impl Key {
    fn schema(&self) -> Value {
        let mut schema = self.takes.schema();
        let Some(map) = schema.as_object_mut() else { return schema };
        map.insert("description".to_owned(), self.meaning.into());
        map.insert("examples".to_owned(), json!([self.example]));
        if let Some(default) = self.takes.default() {
            map.insert("default".to_owned(), default.into());
        }
        schema
    }
}

impl Takes {
    /// What a budget has that says nothing of it, as a policy would; `None` where that is nothing.
    fn default(self) -> Option<String> {
        let mut silent = Budget::new("");
        match self {
            Takes::Per => silent.per.is_empty().then(|| "total".to_owned()),
            Takes::Severity => Some(silent.severity.name().to_owned()),
            Takes::OnUnknown => Some(silent.on_unknown.name().to_owned()),
            Takes::Share(of) => Some(units::percent(*of(&mut silent))),
            Takes::Name | Takes::Where | Takes::Limit(_) => None,
        }
    }

    fn schema(self) -> Value {
        let one_or_more =
            |one: Value| json!({ "anyOf": [one.clone(), { "type": "array", "items": one, "minItems": 1 }] });
        match self {
            Takes::Name => json!({ "type": "string", "minLength": 1 }),
            Takes::Where => {
                let glob = one_or_more(json!({ "type": "string" }));
                let properties: serde_json::Map<String, Value> =
                    Dimension::names().map(|name| (name.to_owned(), glob.clone())).collect();
                json!({ "type": "object", "additionalProperties": false, "properties": properties })
            }
            Takes::Per => one_or_more(json!({ "enum": PER.iter().chain(&PER_IDS).collect::<Vec<_>>() })),
            Takes::Severity => json!({ "enum": Severity::ALL.map(Severity::name) }),
            Takes::OnUnknown => json!({ "enum": OnUnknown::ALL.map(OnUnknown::name) }),
            Takes::Share(_) => json!({ "anyOf": [
                { "type": "number", "minimum": 0, "maximum": 1 },
                { "type": "string", "pattern": SHARE },
            ] }),
            Takes::Limit(measure) => {
                let (number, pattern) = match measure.kind {
                    Kind::Usd => ("number", r"^\$?[0-9_]+(\.[0-9_]+)?$"),
                    Kind::Tokens => ("integer", r"^[0-9_]+(\.[0-9_]+)?(\s*[KMB])?$"),
                    Kind::Millis => {
                        return json!({ "type": "string", "pattern": r"^\s*([0-9]+\s*(ms|s|m|h|d)\s*)+$" });
                    }
                    _ => ("integer", r"^[0-9_]+(\.0+)?$"),
                };
                json!({ "anyOf": [{ "type": number, "minimum": 0 }, { "type": "string", "pattern": pattern }] })
            }
        }
    }
}
