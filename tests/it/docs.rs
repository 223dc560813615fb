//! What the documents say can be run: policies are valid, commands do what they are for.

use std::process::Output;

use forge_usage::table::WarningCode;

use crate::cases::files_below;
use crate::support::{Workdir, fixtures};
use crate::writers::{Entry, claude_result, front};

const README: &str = include_str!("../../README.md");
const CI: &str = include_str!("../../docs/ci.md");
const FLAGS: &str = include_str!("../../docs/flags.md");
const LIMITS: &str = include_str!("../../docs/limits.md");
const FROM_CCUSAGE: &str = include_str!("../../docs/from-ccusage.md");
const ACTION: &str = include_str!("../../action.yml");

/// The code blocks of this language.
fn blocks(text: &str, language: &str) -> Vec<String> {
    let fence = format!("```{language}\n");
    text.split(&fence).skip(1).filter_map(|rest| rest.split("```").next()).map(str::to_owned).collect()
}

/// A project whose agent left output, with a policy on the base branch.
fn project() -> Workdir {
    let work = Workdir::new();
    let run = |n: u32| {
        let session = format!("{n:08x}-2a64-4f0e-9d54-1f0a6b7c8d9e");
        let entry = Entry { harness: "claude", profile: "cc1", ..Entry::new(n) };
        entry.with(&claude_result(&session, 1000, 100, 0.5))
    };
    let ledger = front("night") + &(0..6).map(run).collect::<String>();
    for name in [".forge/ledgers/night.md", "agent-output/night.md", "codex-home/night.md"] {
        work.write(name, &ledger);
    }
    work.write("execution.json", claude_result("00000009-2a64-4f0e-9d54-1f0a6b7c8d9e", 1000, 100, 0.5));
    let policy = "[[budget]]\nname = \"month\"\nper = \"month\"\nmax_cost_usd = 5\n";
    work.write("base/.forge/usage.toml", policy);
    work.write("policy.toml", policy);
    work
}

fn bash(work: &Workdir, script: &str, variables: &[(&str, &str)]) -> Output {
    let binary = assert_cmd::cargo::cargo_bin!("forge-usage");
    let folder = binary.parent().expect("a folder").display().to_string();
    let mut command = std::process::Command::new("bash");
    command.args(["-euo", "pipefail", "-c", script]).current_dir(work.root());
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{folder}:{path}")).env("NO_COLOR", "1").env("TZ", "UTC");
    command.envs([("EXECUTION_FILE", "execution.json"), ("CODEX_HOME", "codex-home")]).envs(variables.iter().copied());
    command.output().expect("bash runs")
}

#[test]
fn the_readme_lists_every_warning_and_which_tell_of_lost_input() {
    let rows = README.split("### Warnings").nth(1).expect("a list").lines().take_while(|line| !line.starts_with("†"));
    let told: Vec<(&str, bool)> = rows
        .filter_map(|row| row.strip_prefix("| `")?.split_once(" | "))
        .map(|(code, _)| (code.trim_end_matches(['`', ' ', '†']), code.ends_with('†')))
        .collect();
    for code in WarningCode::all() {
        let row = (code.name(), code.is_loss());
        assert_eq!(told.iter().filter(|told| **told == row).count(), 1, "{row:?}: {told:?}");
    }
    assert_eq!(told.len(), WarningCode::all().count(), "{told:?}");
}

#[test]
fn every_command_about_ci_runs() {
    let mut scripts = blocks(CI, "sh");
    for yaml in blocks(CI, "yaml") {
        let mut lines = yaml.lines().map(str::trim_start);
        while let Some(line) = lines.next() {
            match line.trim_start_matches("- ") {
                "run: |" => scripts.push(
                    lines.by_ref().take_while(|line| !line.starts_with(['-', '#'])).collect::<Vec<_>>().join("\n"),
                ),
                line if line.starts_with("forge-usage ") => scripts.push(line.to_owned()),
                _ => {}
            }
        }
    }
    // What forge runs for the loop brake is the command between the quotes.
    for script in &mut scripts {
        if let Some((_, rest)) = script.split_once("--quantitative-stop-cmd '") {
            *script = rest.split('\'').next().unwrap_or("").to_owned();
        }
    }
    assert_eq!(scripts.len(), 6, "{scripts:#?}");
    for script in scripts {
        let output = bash(&project(), &script, &[]);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{script}\n{said}{}", String::from_utf8_lossy(&output.stdout));
    }
}

#[test]
fn the_action_passes_its_inputs_as_arguments() {
    let script = ACTION.split("      run: |\n").nth(1).expect("a script");
    let work = project();
    let run = |paths: &str, config: &str, args: &str| {
        let output = bash(&work, script, &[("PATHS", paths), ("CONFIG", config), ("ARGS", args)]);
        (output.status.code(), String::from_utf8(output.stdout).expect("UTF-8"))
    };
    let (code, text) = run("execution.json\nagent-output", "policy.toml", "--max-runs\n5\n");
    assert_eq!(code, Some(1), "{text}");
    assert!(text.contains("FAIL") && text.contains("6 of 5 runs"), "{text}");
    let (code, text) = run("", "", "--max-runs\n6");
    assert_eq!(code, Some(0), "{text}");
    // An input is never a command.
    let (code, _) = run("$(touch owned)\n; touch owned", "", "--max-runs\n6");
    assert_eq!(code, Some(2));
    assert!(!work.path("owned").exists());
}

#[test]
fn the_action_hands_on_every_output_of_a_check_that_the_documents_name() {
    for name in ["state", "total_cost_usd", "total_cost_low_usd", "complete"] {
        assert!(CI.contains(&format!("`{name}`")), "{name}");
        let value = format!("  {name}:\n");
        let output = ACTION.split(&value).nth(1).unwrap_or_else(|| panic!("no {name}"));
        let value = format!("value: ${{{{ steps.check.outputs.{name} }}}}");
        assert_eq!(output.lines().nth(1).map(str::trim), Some(&*value));
    }
}

#[test]
fn every_policy_in_the_documents_is_valid() {
    let policies: Vec<String> = [README, CI, LIMITS].iter().flat_map(|text| blocks(text, "toml")).collect();
    assert!(policies.iter().any(|policy| policy.contains("[[budget]]")));
    for policy in policies {
        let work = project();
        work.write("usage.toml", &policy);
        let outcome = work.run(&["check", "--config", "usage.toml", "--max-runs", "100", "agent-output"]);
        assert_ne!(outcome.code, 2, "{policy}\n{}", outcome.stderr);
    }
}

#[test]
fn every_command_for_those_who_come_from_ccusage_runs() {
    let work = Workdir::new();
    let line = r#"{"type":"assistant","sessionId":"7a51c0de-0000-4000-8000-0000000000a1","isSidechain":false,"cwd":"/srv/NAME","message":{"id":"msg_1","model":"claude-sonnet-4-5","stop_reason":"end_turn","usage":{"input_tokens":1,"output_tokens":2}},"timestamp":"2026-03-02T08:00:05Z"}"#;
    work.write("../home/.claude/projects/-srv-NAME/a.jsonl", line);
    let codex = fixtures().join("codex-rollout/no-turn-context/input");
    let rollout = files_below(&codex).pop().expect("a rollout");
    work.write("../home/.codex/sessions/2026/05/12/rollout-a.jsonl", std::fs::read(rollout).expect("a rollout"));
    let rows = FROM_CCUSAGE.lines().filter(|line| line.starts_with('|'));
    let commands: Vec<&str> =
        rows.filter_map(|row| row.split('`').find(|code| code.starts_with("forge-usage "))).collect();
    assert!(commands.len() >= 12, "{commands:?}");
    for command in commands {
        let words = command.replace('"', "");
        let args: Vec<&str> = words.split(' ').skip(1).collect();
        let outcome = work.run(&args);
        assert_eq!(outcome.code, 0, "{command}: {}", outcome.stderr);
        // One conversation of each harness: a filter that finds nothing would show in its number.
        let found = if command.contains("--where") { "1 conversation" } else { "conversation" };
        assert!(outcome.stdout.contains(found), "{command}: {}", outcome.stdout);
    }
}

/// What a heading is called in a link: its words in lower case, with dashes between.
fn anchor(heading: &str) -> String {
    let kept = heading.trim_start_matches('#').trim().chars().filter(|c| c.is_alphanumeric() || " -_".contains(*c));
    kept.collect::<String>().to_lowercase().replace(' ', "-")
}

#[test]
fn every_link_in_the_documents_leads_somewhere() {
    let root = fixtures().join("..");
    let mut seen = 0;
    for name in
        ["README.md", "CONTRIBUTING.md", "docs/limits.md", "docs/ci.md", "docs/from-ccusage.md", "docs/speed.md"]
    {
        let path = root.join(name);
        let text = std::fs::read_to_string(&path).expect("a document");
        let links = text.split("](").skip(1).filter_map(|rest| rest.split(')').next());
        for link in links.filter(|link| !link.starts_with("https://")) {
            let (file, heading) = link.split_once('#').unwrap_or((link, ""));
            let target = if file.is_empty() { path.clone() } else { path.parent().expect("a folder").join(file) };
            assert!(target.exists(), "{name}: {link}");
            if !heading.is_empty() {
                let text = std::fs::read_to_string(&target).expect("a document");
                let mut headings = text.lines().filter(|line| line.starts_with('#'));
                assert!(headings.any(|line| anchor(line) == heading), "{name}: {link}");
            }
            seen += 1;
        }
    }
    assert!(seen > 30, "{seen}");
}

#[test]
fn the_document_of_flags_is_what_the_program_says_of_itself() {
    let outcome = Workdir::new().run(&["man", "--markdown"]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    let stale = outcome.stdout.lines().zip(FLAGS.lines()).find(|(now, then)| now != then);
    assert!(outcome.stdout == FLAGS, "make it anew: forge-usage man --markdown > docs/flags.md\n{stale:#?}");
}

#[test]
fn the_document_of_flags_names_every_variable_that_is_read() {
    let read = ["var_os(\"", "Variable(\"", "is_true(\"", "appended(\"", "named(\"XDG_"];
    let mut seen = 0;
    for path in files_below(&fixtures().join("../src")) {
        let text = std::fs::read_to_string(&path).expect("text");
        for call in read {
            for (at, _) in text.match_indices(call) {
                let from = at + call.find('"').expect("a quote") + 1;
                let name = text[from..].split('"').next().expect("a name");
                assert!(FLAGS.contains(&format!("`{name}`")), "{}: {name}", path.display());
                seen += 1;
            }
        }
    }
    assert!(seen > 12, "{seen}");
}
