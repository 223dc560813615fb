//! What must not grow with the bytes that are read. A process that asks for more than it may have ends by a signal.

use serde_json::Value;

use crate::shapes::{Entry, fence, front, run_id, uuid};
use crate::support::Workdir;

/// What a command of one thread says that may have so many kilobytes of address space; `None` if that is too little.
fn said(workdir: &Workdir, command: &str, kilobytes: u64) -> Option<String> {
    let program = workdir.command(&[]).get_program().to_owned();
    // Else glibc sets 64 MB of addresses aside for each thread that allocates while another does.
    let script =
        format!("ulimit -c 0; ulimit -v {kilobytes}; export MALLOC_ARENA_MAX=1; exec \"$0\" {command} --threads 1");
    let mut shell = std::process::Command::new("sh");
    let output = shell.arg("-c").arg(script).arg(program).current_dir(workdir.root()).output().expect("a shell");
    output.status.success().then(|| String::from_utf8(output.stdout).expect("text"))
}

/// About the least that is enough for a command.
fn least(workdir: &Workdir, command: &str) -> u64 {
    let mut limits = (1..64).map(|step| step * 16_000);
    limits.find(|limit| said(workdir, command, *limit).is_some()).expect("a limit that is enough")
}

/// The report, which must take no more than so many kilobytes beyond what the smallest one takes.
fn report_within(workdir: &Workdir, path: &str, kilobytes: u64) -> Value {
    workdir
        .write("smallest.md", "---\nloop_name: kiln\ncreated_at: 2026-05-12T06:00:00Z\n---\n\n# Loop Ledger: kiln\n");
    let least = least(workdir, "report --json smallest.md");
    let said = said(workdir, &format!("report --json {path}"), least + kilobytes);
    let said = said.unwrap_or_else(|| panic!("{path} takes more than {least} and {kilobytes}"));
    serde_json::from_str(&said).expect("a report")
}

#[test]
fn ids_of_answers_without_usage_are_not_held_as_they_stand() {
    let workdir = Workdir::new();
    let head = "{\"sessionId\":\"0a\",\"projectHash\":\"x\",\"startTime\":\"2026-05-12T07:00:00Z\",\"messages\":[]}\n";
    let answer = |n| {
        let id = "x".repeat(1_000_000);
        format!("{{\"id\":\"{n}{id}\",\"type\":\"gemini\",\"timestamp\":\"2026-05-12T07:00:00Z\",\"model\":\"m\"}}\n")
    };
    workdir.write("chat.jsonl", head.to_owned() + &(0..64).map(answer).collect::<String>());
    let report = report_within(&workdir, "chat.jsonl", 40_000);
    assert_eq!(report["totals"]["conversations"], 0);
}

#[test]
fn what_may_be_a_runs_session_is_not_kept_for_each_of_many_runs() {
    let workdir = Workdir::new();
    let entry = |n| {
        format!(
            "## 2026-05-12T08:00:00Z\n\n- run_id: {n:08x}-0000-4000-8000-00000000aaaa\n- loop_name: kiln\n- status: \
             success\n- profile: cc1\n- harness: claude\n- prompt_source: inline\n- prompt_override: false\n- \
             started_at: 2026-05-12T07:00:00Z\n- finished_at: 2026-05-12T08:00:00Z\n- exit_code: \
             0\n\n```\nDone.\n```\n\n"
        )
    };
    let front = "---\nloop_name: kiln\ncreated_at: 2026-05-12T06:00:00Z\n---\n\n# Loop Ledger: kiln\n\n";
    workdir.write("all/kiln.md", front.to_owned() + &(0..1000).map(entry).collect::<String>());
    for n in 0..1000 {
        let (session, minute) = (format!("{n:08x}-0000-4000-8000-00000000cccc"), n % 5);
        let line = format!(
            "{{\"parentUuid\":null,\"isSidechain\":false,\"cwd\":\"/srv/kiln\",\"sessionId\":\"{session}\",\"version\":\
             \"2.1.41\",\"type\":\"assistant\",\"message\":{{\"id\":\"m{n}\",\"model\":\"claude-opus-4-6\",\"role\":\
             \"assistant\",\"usage\":{{\"input_tokens\":1,\"output_tokens\":2}}}},\"uuid\":\"u{n}\",\"timestamp\":\
             \"2026-05-12T07:0{minute}:{:02}.000Z\"}}\n",
            n % 60
        );
        workdir.write(&format!("all/.claude-1/projects/-srv-kiln/{session}.jsonl"), line);
    }
    let report = report_within(&workdir, "all", 32_000);
    assert_eq!((&report["totals"]["runs"], &report["totals"]["conversations"]), (&1000.into(), &1000.into()));
}

#[test]
fn sub_agents_share_the_runs_of_the_conversation_that_spawned_them() {
    let workdir = Workdir::new();
    let midnight = 1_778_544_000_000;
    let main = uuid(midnight, 0);
    let clock = |n: usize, second: usize| format!("2026-05-12T{:02}:{:02}:{second:02}", n / 60, n % 60);
    let entry = |n: usize| {
        let (run_id, start, finish) = (run_id(n), clock(n, 0) + "Z", clock(n, 50) + "Z");
        let (name, status, profile, harness) = ("kiln", "success", "codex1", Some("codex"));
        let output = format!(
            r#"{{"type":"thread.started","thread_id":"{main}"}}
{{"type":"turn.completed","usage":{{"input_tokens":{},"cached_input_tokens":0,"output_tokens":0}}}}"#,
            100 * n + 100
        );
        Entry { name, run_id: &run_id, status, profile, harness, start: &start, finish: &finish }.with(&fence(&output))
    };
    let front = front("kiln", "/srv/kiln", "2026-05-12T00:00:00Z");
    workdir.write("all/kiln.md", front + &(0..1000).map(entry).collect::<String>());
    for n in 0..1000 {
        let (id, [made, read]) = (uuid(midnight + 60_000 * n as u64 + 10_000, n + 1), [10, 20].map(|it| clock(n, it)));
        let usage = r#"{"input_tokens":70,"cached_input_tokens":0,"output_tokens":8,"total_tokens":78}"#;
        let log = format!(
            r#"{{"timestamp":"{made}.000Z","type":"session_meta","payload":{{"id":"{id}","timestamp":"{made}.000Z","cwd":"/srv/kiln","cli_version":"0.98.0","source":{{"subagent":{{"thread_spawn":{{"parent_thread_id":"{main}","depth":1}}}}}}}}}}
{{"timestamp":"{made}.000Z","type":"turn_context","payload":{{"turn_id":"{id}","cwd":"/srv/kiln","model":"gpt-5.3-codex"}}}}
{{"timestamp":"{read}.000Z","type":"event_msg","payload":{{"type":"token_count","info":{{"total_token_usage":{usage},"last_token_usage":{usage}}}}}}}
"#
        );
        workdir.write(&format!("all/rollout-2026-05-12T00-00-00-{id}.jsonl"), log);
    }
    // What each sub-agent used is of the run that was at work then.
    let report = report_within(&workdir, "all --by run", 32_000);
    assert_eq!((&report["totals"]["runs"], &report["totals"]["conversations"]), (&1000.into(), &1001.into()));
    let rows = report["rows"].as_array().expect("rows");
    assert!(rows.iter().all(|row| row["blended_tokens"] == 178), "{}", rows[0]);
}

#[test]
fn a_check_keeps_of_each_budget_what_it_shows() {
    let workdir = Workdir::new();
    let (start, finish) = ("2026-05-12T07:00:00Z", "2026-05-12T07:00:50Z");
    let (name, status, profile, harness) = ("kiln", "success", "codex1", Some("codex"));
    let entry = |n: usize| Entry { name, run_id: &run_id(n), status, profile, harness, start, finish }.with("");
    let front = front("kiln", "/srv/kiln", "2026-05-12T00:00:00Z");
    workdir.write("kiln.md", front + &(0..1000).map(entry).collect::<String>());
    let budget = |n: usize| format!("[[budget]]\nname = \"{n}\"\nper = \"run\"\nmax_runs = 2\n\n");
    workdir.write("one.toml", budget(0));
    workdir.write("many.toml", (0..400).map(budget).collect::<String>());
    let least = least(&workdir, "check --config one.toml kiln.md");
    let said = said(&workdir, "check --config many.toml kiln.md", least + 32_000).expect("enough");
    assert!(said.contains("400,000 groups"), "{said}");
}

#[test]
fn an_export_unpacks_a_row_at_a_time() {
    let workdir = Workdir::new();
    let call = |n: u32| {
        let time = format!("2026-05-{:02}T{:02}:{:02}:00.000Z", 1 + n / 1440 % 28, n / 60 % 24, n % 60);
        format!(
            "{{\"parentUuid\":null,\"isSidechain\":false,\"cwd\":\"/srv/kiln\",\"sessionId\":\"0a\",\"version\":\
             \"2.1.41\",\"type\":\"assistant\",\"message\":{{\"id\":\"m{n}\",\"model\":\"claude-opus-4-6\",\"role\":\
             \"assistant\",\"usage\":{{\"input_tokens\":1,\"output_tokens\":2}}}},\"uuid\":\"u{n}\",\"timestamp\":\
             \"{time}\"}}\n"
        )
    };
    workdir.write("0a.jsonl", (0..120_000).map(call).collect::<String>());
    let least = least(&workdir, "report --json 0a.jsonl");
    for table in ["usage", "calls", "conversations"] {
        let command = format!("export {table} --format jsonl -o - --limit 2 0a.jsonl");
        let lines =
            said(&workdir, &command, least + 16_000).unwrap_or_else(|| panic!("{table} takes more")).lines().count();
        assert_eq!(lines, if table == "conversations" { 1 } else { 2 });
    }
}
