//! Hostile inputs that a careless reader would take quadratic time for.
//!
//! Nothing here asserts a time, so nothing here fails for it: the inputs are so large that a quadratic reader takes
//! minutes instead of seconds, and whoever waits for this test sees it. `--nocapture` says how long each input took.
//! What bounds the work of a stage is asserted beside it: what a ledger's pass holds and walks, in its own tests.

use std::time::Instant;

use forge_usage::config::Config;
use forge_usage::price::Prices;

use crate::forge;
use crate::kit::{Files, difference, options, settled};

/// The first line of a tool's result.
const OPENER: &str = "2026-05-12T07:00:03Z INFO codex_otel: event.name=codex.tool_result output=\n";

/// The beginning of a counter's record.
const DEBUG: &str = "2026-05-12T07:00:20Z DEBUG codex_exec: Received event: Event { id: \"0\", msg: TokenCount(";

fn megabyte(text: &str) -> String {
    text.repeat((1 << 20) / text.len())
}

fn headers(count: u32, second: impl Fn(u32) -> u32) -> String {
    let header = |n: u32| {
        let time = forge::clock(second(n));
        format!("## {time}Z\n\n- run_id: {}\n- loop_name: kiln\n- exit_code: 0\n\n", forge::run_id(n as usize))
    };
    forge::front("kiln") + &(0..count).map(header).collect::<String>()
}

fn in_ledger(output: &str) -> String {
    forge::front("kiln") + &forge::entry("kiln", 0, Some("codex"), 0, 120, output)
}

/// Hostile ledgers and loop logs.
fn of_forge() -> Vec<(&'static str, String)> {
    vec![
        ("a line of TokenCount(", in_ledger(&megabyte("TokenCount("))),
        ("a record of TokenCount(", in_ledger(&format!("{DEBUG}{}", megabyte("TokenCount(")))),
        ("fences", in_ledger(&megabyte("```\n"))),
        ("blank lines", in_ledger(&format!("x{}x", megabyte("\n")))),
        ("openers in a ledger", in_ledger(&OPENER.repeat(20_000))),
        ("closers", in_ledger(&"mcp_server= mcp_server_origin=\n".repeat(50_000))),
        ("headers", headers(50_000, |n| n)),
        ("headers of the same second", headers(50_000, |_| 0)),
        ("headers of the future", headers(50_000, |n| 63 * 86_400 + n)),
        ("falling headers of the future", headers(50_000, |n| 63 * 86_400 + 50_000 - n)),
        ("headers without fields", forge::front("kiln") + &megabyte("\n## 2026-05-12T07:00:00Z\n\n")),
        ("git summaries", in_ledger(&megabyte("```\n\n### Git Summary\n\n```\n"))),
        ("footers", in_ledger(&megabyte("tokens used\n1\n"))),
        ("footers of their own", in_ledger(&(0..60_000).map(|n| format!("tokens used\n{n}\n")).collect::<String>())),
        (
            "headers before many footers",
            headers(1000, |n| n) + "```\n" + &(0..300_000).map(|n| format!("tokens used\n{n}\n")).collect::<String>(),
        ),
        ("markers", forge::marker(0, "x") + &megabyte("[2026-05-12T07:03:00Z] run \n")),
        ("a line of markers", forge::marker(0, "x") + &megabyte("[2026-05-12T07:03:00Z] run ")),
        ("runs of a loop log", (0..15_000).map(|n| forge::starts(1, n)).collect()),
    ]
}

/// Hostile traces and plain outputs of Codex.
fn of_codex() -> Vec<(&'static str, String)> {
    let id = forge::conversation(1, 0);
    let start = forge::begins(1, &id);
    vec![
        ("openers in a trace", format!("{start}{}", OPENER.repeat(20_000))),
        ("streams of ever new conversations", (0..4000).map(|n| forge::delta(1, &forge::conversation(1, n))).collect()),
        (
            "what follows arguments",
            format!(
                "{start}{}",
                forge::tool_result(2, &id, "x").replace("{\"command\"", &megabyte(" duration_ms=1 success="))
            ),
        ),
        (
            "arguments without an end",
            format!("{start}{}", forge::tool_result(2, &id, "x").replace("{\"command\"", &megabyte("{\"[")).repeat(2)),
        ),
        (
            "nested braces in spans",
            format!("{start}2026-05-12T07:00:03Z INFO a{} codex_otel: x=1 mcp_server_origin=\n", "{a".repeat(100_000)),
        ),
        (
            "chained spans",
            format!("{start}2026-05-12T07:00:03Z INFO {}codex_otel: x=1 mcp_server_origin=\n", "a{}:".repeat(200_000)),
        ),
        ("closers in a trace", format!("{start}{}", megabyte("mcp_server= mcp_server_origin=\n"))),
        ("a line of closers", format!("{start}{}\n", megabyte("mcp_server= mcp_server_origin="))),
        ("keys without values", format!("{}{}\n", start.trim_end(), megabyte(" input_token_count="))),
        ("quotes without ends", format!("{}{}\n", start.trim_end(), megabyte(" a=\"\\\""))),
        ("equals signs", format!("{} input_token_count{}\n", start.trim_end(), megabyte("="))),
        ("plain headers", megabyte("OpenAI Codex v0\n--------\n")),
        (
            "conversations",
            start.clone()
                + &(0..4000)
                    .map(|n| forge::completed(9, &forge::session(n), [n as u64, 0, 1, 0], false))
                    .collect::<String>(),
        ),
        (
            "readings",
            start.clone()
                + &(1..3000).map(|n| forge::counter(n as u32, [n, 0, n, 0], [1, 0, 1, 0])).collect::<String>(),
        ),
        ("escapes", format!("{start}{}\n", megabyte("\x1b]0;"))),
    ]
}

/// Hostile JSON.
fn of_json() -> Vec<(&'static str, String)> {
    vec![
        ("a record of usage", forge::init("s") + "{" + &megabyte("\"usage\":{},") + "\n"),
        (
            "an array of records",
            format!(
                "[\n{}\n]",
                megabyte("{\"type\":\"system\",\"session_id\":\"s\"},\n").trim_end().trim_end_matches(',')
            ),
        ),
        (
            "objects without ends",
            "{\"sessionId\":\"s\",\"projectHash\":\"x\",\"messages\":[]}\n".to_owned() + &megabyte("{\"a\":\n"),
        ),
        ("nested JSON", forge::init("s") + &megabyte("{\"usage\":") + "\n"),
        (
            "results",
            forge::init("s")
                + &(0..3000)
                    .map(|n| forge::result("s", &format!("u{n}"), [n, 0, 0, n], [1, 0, 0, 1], n, true))
                    .collect::<String>(),
        ),
        (
            "models",
            forge::init("s")
                + &(0..800)
                    .map(|n| {
                        forge::result("s", &format!("u{n}"), [n, 0, 0, n], [1, 0, 0, 1], n, true)
                            .replace(forge::CLAUDE_MODEL, &format!("m{n}"))
                    })
                    .collect::<String>(),
        ),
    ]
}

#[test]
fn hostile_inputs_are_read_to_their_end_and_the_same_however_they_are_cut() {
    for (name, text) in [of_forge(), of_codex(), of_json()].concat() {
        let files = Files::from([("source".to_owned(), text.into_bytes())]);
        let read = [512 * 1024, 8 * 1024].map(|chunk| {
            let began = Instant::now();
            let settled = settled(&files, &options(chunk));
            println!("{:>8} ms  {name}, chunks of {chunk}", began.elapsed().as_millis());
            settled
        });
        assert_eq!(difference(&read[0], &read[1]), None, "{name}");
    }
}

#[test]
fn ten_thousand_models_of_the_users_are_priced() {
    let section = |n: u32| format!("[prices.\"acme/model-{n}\"]\ninput = 1\noutput = {n}\n");
    let text: String = (0..10_000).map(section).collect();
    let prices = Prices::new(&Config::parse("usage.toml".as_ref(), &text).expect("a file")).expect("prices");
    assert_eq!(prices.all().filter(|found| found.users_from.is_some()).count(), 10_000);
}
