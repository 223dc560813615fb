//! `schema`, `completions`, `man`: what is told of the tables and of the program.

use forge_usage::table::TABLES;
use serde_json::Value;

use crate::support::{Workdir, fixtures, sample};

fn stdout(dir: &Workdir, args: &[&str]) -> String {
    let outcome = dir.run(args);
    assert_eq!((outcome.code, outcome.stderr.as_str()), (0, ""), "{args:?}");
    outcome.stdout
}

fn json_schema(dir: &Workdir, table: &str) -> Value {
    serde_json::from_str(&stdout(dir, &["schema", table, "--format", "json-schema"])).expect("JSON")
}

/// What is wrong with a row, by the parts of JSON Schema that are used.
fn violations(row: &Value, schema: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let properties = schema["properties"].as_object().expect("properties");
    for name in schema["required"].as_array().expect("names") {
        if row.get(name.as_str().expect("a name")).is_none() {
            wrong.push(format!("{name} is missing"));
        }
    }
    for (name, value) in row.as_object().expect("a row") {
        let Some(property) = properties.get(name) else {
            wrong.push(format!("{name} is not told of"));
            continue;
        };
        let kind = match value {
            Value::Null => "null",
            Value::Bool(_) => "boolean",
            Value::String(_) => "string",
            Value::Number(number) if number.is_f64() => "number",
            Value::Number(_) => "integer",
            Value::Object(_) => "object",
            Value::Array(_) => "array",
        };
        let is_allowed = |allowed: &Value| allowed == kind || (kind == "integer" && allowed == "number");
        let allowed = &property["type"];
        if !(is_allowed(allowed) || allowed.as_array().is_some_and(|allowed| allowed.iter().any(is_allowed))) {
            wrong.push(format!("{name} is {value}, not {allowed}"));
        }
        if kind == "object" {
            wrong.extend(violations(value, property));
        }
    }
    wrong
}

#[test]
fn every_exported_row_is_as_its_schema_says() {
    let dir = Workdir::new();
    let input = fixtures().display().to_string();
    for table in TABLES.map(|table| table.name) {
        let schema = json_schema(&dir, table);
        let rows = dir.run(&["export", table, &input, "--jsonl"]).stdout;
        assert!(!rows.is_empty(), "no rows of {table}");
        for line in rows.lines() {
            let row: Value = serde_json::from_str(line).expect("a row");
            assert_eq!(violations(&row, &schema), [""; 0], "{table}: {row}");
        }
    }
}

#[test]
fn every_row_of_a_report_is_as_its_schema_says() {
    let dir = Workdir::new();
    let schema = json_schema(&dir, "report");
    let input = sample();
    let report = dir.report(&[&input, "--by", "loop,model,day"]);
    let required = schema["required"].to_string();
    // Of the dimensions only those that were asked for are there.
    assert!(required.contains("\"total_tokens\"") && !required.contains("\"loop\""), "{required}");
    for row in report["rows"].as_array().expect("rows") {
        assert_eq!(violations(row, &schema), [""; 0], "{row}");
    }
}

#[test]
fn columns_stand_in_the_order_of_the_output() {
    let dir = Workdir::new();
    dir.mkdir("empty");
    for table in TABLES.map(|table| table.name) {
        let csv = stdout(&dir, &["export", table, "empty", "--allow-empty"]);
        let text = stdout(&dir, &["schema", table]);
        let told: Vec<&str> = text.lines().skip(3).filter_map(|line| line.split(' ').next()).collect();
        assert_eq!(told.join(","), csv.trim_end(), "{table}");
    }
}

#[test]
fn rows_of_latency_and_prices_are_as_their_schemas_say() {
    let dir = Workdir::new();
    let traces = fixtures().join("codex-trace").display().to_string();
    for (table, args) in [
        ("latency", &["latency", &traces, "--by", "tool,model"][..]),
        ("prices", &["prices", "gpt-5*"]),
        ("prices", &["prices", "gpt-5.4"]),
    ] {
        let schema = json_schema(&dir, table);
        let rows = dir.run(&[args, &["--jsonl"]].concat()).stdout;
        assert!(!rows.is_empty(), "{args:?}");
        for line in rows.lines() {
            let row: Value = serde_json::from_str(line).expect("a row");
            assert_eq!(violations(&row, &schema), [""; 0], "{args:?}: {row}");
        }
        // Every column is told of in its place.
        let csv = dir.run(&[args, &["--format", "csv"]].concat()).stdout;
        let text = stdout(&dir, &["schema", table]);
        let mut told = text.lines().skip(3).filter_map(|line| line.split(' ').next());
        let measures = csv.lines().next().expect("a head").split(',').filter(|name| !["tool", "model"].contains(name));
        for name in measures {
            assert!(told.any(|told| told == name), "{args:?}: {name}");
        }
    }
}

#[test]
fn the_short_forms_of_report_tell_their_own_dimension() {
    let dir = Workdir::new();
    for (command, default) in [
        ("report", "[default: loop for runs, else day]"),
        ("latency", "[default: loop for runs, else day]"),
        ("daily", "[default: day alone]"),
        ("weekly", "[default: week alone]"),
        ("monthly", "[default: month alone]"),
        ("session", "[default: conversation alone]"),
    ] {
        let help = stdout(&dir, &[command, "--help"]).split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(help.contains(default), "{command}: {help}");
        assert_eq!(help.contains("group by within them"), !["report", "latency"].contains(&command), "{command}");
    }
}

#[test]
fn all_tables_are_told_of_without_a_name() {
    let dir = Workdir::new();
    let text = stdout(&dir, &["schema"]);
    let markdown = stdout(&dir, &["schema", "--format", "markdown"]);
    let json: Value = serde_json::from_str(&stdout(&dir, &["schema", "--format", "json-schema"])).expect("JSON");
    for table in TABLES.map(|table| table.name).iter().chain(&["report", "latency", "prices"]) {
        assert!(text.lines().any(|line| line.starts_with(&format!("{table}: a row is "))), "{table}");
        assert!(markdown.lines().any(|line| line == format!("## {table}")), "{table}");
        assert!(json["$defs"][table]["properties"].is_object(), "{table}");
    }
}

#[test]
fn every_column_has_a_meaning_and_says_what_null_means() {
    let dir = Workdir::new();
    let all: Value = serde_json::from_str(&stdout(&dir, &["schema", "--format", "json-schema"])).expect("JSON");
    for (table, schema) in all["$defs"].as_object().expect("tables") {
        for (name, property) in schema["properties"].as_object().expect("columns") {
            if property["type"] == "object" {
                continue;
            }
            let description = property["description"].as_str().expect("a description");
            assert!(description.len() > 3, "{table}.{name}");
            let may_be_null = property["type"].is_array();
            assert_eq!(may_be_null, description.contains("; null: "), "{table}.{name}: {description}");
        }
    }
}

#[test]
fn completions_know_the_tables_of_every_shell() {
    let dir = Workdir::new();
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = stdout(&dir, &["completions", shell]);
        assert!(script.contains("export") && script.contains("partition-by"), "{shell}");
    }
    assert!(stdout(&dir, &["completions", "bash"]).contains("conversations"));
    for words in ["table json jsonl csv markdown", "table json markdown junit", "host loop repo branch"] {
        assert!(stdout(&dir, &["completions", "bash"]).contains(words), "{words}");
    }
    let outcome = dir.run(&["completions", "tcsh"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("possible values: bash"), "{}", outcome.stderr);
}

#[test]
fn every_command_that_the_completions_of_bash_tell_apart_has_its_case() {
    let script = stdout(&Workdir::new(), &["completions", "bash"]);
    let set = script.lines().filter_map(|line| line.trim().strip_prefix("cmd=\"")?.strip_suffix('"'));
    let commands: Vec<&str> = set.filter(|command| !command.is_empty()).collect();
    assert!(commands.len() > 10, "{commands:?}");
    for command in commands {
        let label = format!("{command})");
        assert!(script.lines().any(|line| line.trim() == label), "no case for {command}");
    }
}

#[test]
fn the_manual_has_a_page_a_command() {
    let dir = Workdir::new();
    assert!(stdout(&dir, &["man"]).contains(".TH forge-usage 1"));
    assert!(stdout(&dir, &["man", "export"]).contains("partition"));
    assert_eq!(stdout(&dir, &["man", "-o", "man"]), "");
    for page in ["forge-usage.1", "forge-usage-report.1", "forge-usage-export.1", "forge-usage-man.1"] {
        assert!(dir.path("man").join(page).is_file(), "{page}");
    }
    let outcome = dir.run(&["man", "exprot"]);
    assert!(outcome.code == 2 && outcome.stderr.contains("did you mean export?"), "{}", outcome.stderr);
}
