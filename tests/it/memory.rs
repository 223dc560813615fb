//! What must not grow with the bytes that are read. A process that asks for more than it may have ends by a signal.

use serde_json::Value;

use crate::support::Workdir;

/// A report of one thread that may have so many kilobytes of address space; `None` if that is too little.
fn report(workdir: &Workdir, path: &str, kilobytes: u64) -> Option<Value> {
    let program = workdir.command(&[]).get_program().to_owned();
    let script = format!("ulimit -c 0; ulimit -v {kilobytes}; exec \"$0\" report --json --threads 1 {path}");
    let mut shell = std::process::Command::new("sh");
    let output = shell.arg("-c").arg(script).arg(program).current_dir(workdir.root()).output().expect("a shell");
    output.status.success().then(|| serde_json::from_slice(&output.stdout).expect("a report"))
}

/// The report, which must take no more than so many kilobytes beyond what the smallest one takes.
fn report_within(workdir: &Workdir, path: &str, kilobytes: u64) -> Value {
    workdir
        .write("smallest.md", "---\nloop_name: kiln\ncreated_at: 2026-05-12T06:00:00Z\n---\n\n# Loop Ledger: kiln\n");
    let least = (1..64).map(|step| step * 16_000).find(|least| report(workdir, "smallest.md", *least).is_some());
    let least = least.expect("a limit that is enough");
    report(workdir, path, least + kilobytes).unwrap_or_else(|| panic!("{path} takes more than {least} and {kilobytes}"))
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
    let report = report_within(&workdir, "all", 90_000);
    assert_eq!((&report["totals"]["runs"], &report["totals"]["conversations"]), (&1000.into(), &1000.into()));
}
