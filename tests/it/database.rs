//! Databases of harnesses: written to while they are read, broken, or not to be trusted.

use rusqlite::Connection;
use serde_json::Value;

use crate::cases::files_below;
use crate::support::{Workdir, fixtures, warning_codes};

const SCHEMA: &str = "
    CREATE TABLE session (id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, directory TEXT, version TEXT,
        time_created INTEGER);
    CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, time_created INTEGER, data TEXT);
    INSERT INTO session VALUES ('ses_a', 'p', NULL, '/srv/meadow', '1.2.3', 1772438400000);";

fn data(at: u64, output: u64) -> String {
    format!(
        r#"{{"role":"assistant","modelID":"m","providerID":"p","cost":0.5,"time":{{"created":{at},"completed":{}}},"tokens":{{"input":3,"output":{output},"reasoning":0,"cache":{{"read":10,"write":0}}}}}}"#,
        at + 900
    )
}

fn add(database: &Connection, message: &str, data: &str) {
    let query = "INSERT INTO message (id, session_id, time_created, data) VALUES (?1, 'ses_a', 1, ?2)";
    database.execute(query, [message, data]).expect("a row");
}

fn database(work: &Workdir, name: &str) -> Connection {
    work.write(name, "");
    let database = Connection::open(work.path(name)).expect("a database");
    database.execute_batch(SCHEMA).expect("tables");
    database
}

#[test]
fn messages_in_the_database_and_in_files_are_the_same_calls() {
    let work = Workdir::new();
    let database = database(&work, "opencode.db");
    add(&database, "msg_1", &data(1_772_438_400_000, 5));
    add(&database, "msg_2", &data(1_772_438_500_000, 7));
    add(&database, "msg_3", r#"{"role":"user","time":{"created":1}}"#);
    add(&database, "msg_4", r#"{"role":"assistant","tokens":{"input":-3}}"#);
    let file = data(1_772_438_400_000, 5).replacen('{', r#"{"id":"msg_1","sessionID":"ses_a","#, 1);
    work.write("storage/message/ses_a/msg_1.json", file);
    let report = work.report(&["."]);
    let totals = &report["totals"];
    assert_eq!(
        (&totals["calls"], &totals["output_tokens"], &totals["conversations"]),
        (&2.into(), &12.into(), &1.into())
    );
    assert_eq!((&totals["input_tokens"], &totals["cost_reported_usd"]), (&26.into(), &1.into()));
    assert_eq!(warning_codes(&report), ["number-out-of-range", "unknown-model"]);
}

#[test]
fn a_torn_file_is_told_by_the_row_of_its_name() {
    let work = Workdir::new();
    let database = database(&work, "opencode.db");
    add(&database, "msg_1", &data(1_772_438_400_000, 5));
    for (message, is_complete) in [("msg_1", true), ("msg_2", false)] {
        for torn in ["", r#"{"id":"#, r#"{"role":"assistant","modelID":"m","providerID":"p","cost":0.5,"time":{"crea"#]
        {
            let file = work.write(&format!("storage/message/ses_a/{message}.json"), torn);
            let totals = work.report(&["."])["totals"].clone();
            assert_eq!((&totals["output_tokens"], &totals["complete"]), (&5.into(), &is_complete.into()), "{torn}");
            std::fs::remove_file(file).expect("a file");
        }
    }
}

#[test]
fn a_variable_names_the_database() {
    let work = Workdir::new();
    for (name, output) in [("../home/.local/share/opencode/mine.sqlite", 1), ("elsewhere/opencode.sqlite", 2)] {
        add(&database(&work, name), "msg_1", &data(0, output));
    }
    let absolute = work.path("elsewhere/opencode.sqlite").display().to_string();
    let none = Value::Null;
    for (named, sum) in [("mine.sqlite", 1.into()), (&absolute, 2.into()), (":memory:", none.clone()), ("no.db", none)]
    {
        let mut command = work.command(&["report", "--json", "--allow-empty", "--sessions", "auto"]);
        let output = command.env("OPENCODE_DB", named).output().expect("the binary runs");
        let report: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(report["totals"]["output_tokens"], sum, "{named}");
    }
}

#[test]
fn what_a_writer_has_not_merged_yet_is_read_while_it_holds_its_lock() {
    let work = Workdir::new();
    let database = database(&work, "a folder? 100%/opencode.db");
    let mode: String = database.query_row("PRAGMA journal_mode = WAL", [], |row| row.get(0)).expect("a mode");
    assert_eq!(mode, "wal");
    add(&database, "msg_1", &data(1_772_438_400_000, 5));
    database.execute_batch("BEGIN IMMEDIATE").expect("a transaction");
    add(&database, "msg_2", &data(1_772_438_500_000, 7));
    assert_eq!(work.report(&["a folder? 100%/opencode.db"])["totals"]["output_tokens"], 5);
}

#[test]
fn messages_of_the_next_schema_are_read_too() {
    let work = Workdir::new();
    let database = database(&work, "opencode.db");
    let query = "CREATE TABLE session_message (id TEXT, session_id TEXT, type TEXT, time_created INTEGER, data TEXT);
        INSERT INTO session_message VALUES ('m1', 'ses_a', 'assistant', 1772438400000,
            '{\"model\":{\"id\":\"m\",\"providerID\":\"p\"},\"tokens\":{\"input\":1,\"output\":2}}');
        INSERT INTO session_message VALUES ('m2', 'ses_a', 'user', 1772438400000, '{\"tokens\":{\"input\":9}}');";
    database.execute_batch(query).expect("rows");
    let report = work.report(&["--by", "model", "opencode.db"]);
    assert_eq!((&report["rows"][0]["model"], &report["rows"][0]["total_tokens"]), (&"m".into(), &3.into()));
}

#[test]
fn a_broken_database_costs_only_itself() {
    let work = Workdir::new();
    let database = database(&work, "broken/opencode.db");
    (0..500).for_each(|nth| add(&database, &format!("msg_{nth}"), &data(1_772_438_400_000 + nth, 5)));
    drop(database);
    let whole = std::fs::read(work.path("broken/opencode.db")).expect("bytes");
    let mut bytes = whole.clone();
    bytes[8192..].iter_mut().step_by(3).for_each(|byte| *byte ^= 0x5a);
    work.write("broken/opencode.db", &bytes);
    work.write("cut/opencode.db", &whole[..whole.len() / 2]);
    work.write("head/opencode.db", b"SQLite format 3\0 and nothing else");
    work.write("storage/msg_1.json", data(1, 5).replacen('{', r#"{"id":"msg_1","sessionID":"ses_b","#, 1));
    let outcome = work.run(&["report", "--json", "."]);
    assert_eq!(outcome.code, 0, "{}", outcome.stderr);
    assert!(outcome.stderr.contains("head/opencode.db: cannot read the database"), "{}", outcome.stderr);
    assert_eq!(work.run(&["report", "--strict", "."]).code, 2);
    assert_eq!(work.run(&["report", "broken/opencode.db"]).code, 2);
}

#[test]
fn only_plain_tables_are_read() {
    let work = Workdir::new();
    let database = Connection::open(work.write("opencode.db", "")).expect("a database");
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT i AS id, i AS session_id, i AS data FROM n";
    database.execute_batch(&SCHEMA.replace("CREATE TABLE message", "CREATE TABLE other")).expect("tables");
    database.execute_batch(&format!("CREATE VIEW message AS {endless}")).expect("a view");
    assert_eq!(work.report(&["opencode.db"])["totals"]["calls"], serde_json::Value::Null);
}

#[test]
fn other_databases_are_of_no_known_format() {
    let work = Workdir::new();
    let database = Connection::open(work.write("other.db", "")).expect("a database");
    database.execute_batch("CREATE TABLE message (id TEXT)").expect("a table");
    let outcome = work.run(&["report", "-v", "other.db"]);
    assert_eq!(outcome.code, 2);
    assert!(outcome.stderr.contains("a database of no known format"), "{}", outcome.stderr);
}

/// Codex's log database with these records: when, target, spans and fields.
fn log_database(work: &Workdir, name: &str, records: &[(i64, &str, &str)]) {
    let database = Connection::open(work.write(name, "")).expect("a database");
    let table = "CREATE TABLE logs (id INTEGER PRIMARY KEY AUTOINCREMENT, ts INTEGER NOT NULL, target TEXT NOT NULL, feedback_log_body TEXT)";
    database.execute_batch(table).expect("a table");
    for (at, target, body) in records {
        let insert = "INSERT INTO logs (ts, target, feedback_log_body) VALUES (?1, ?2, ?3)";
        database.execute(insert, rusqlite::params![at, target, body]).expect("a row");
    }
}

#[test]
fn codexs_log_database_tells_what_its_trace_tells() {
    let work = Workdir::new();
    let path = fixtures().join("codex-trace/twin-records-under-two-targets/input");
    let trace = files_below(&path).pop().expect("a trace");
    let text = std::fs::read_to_string(&trace).expect("UTF-8");
    let targets = ["codex_otel.log_only", "codex_otel.trace_safe"];
    // Each line is one record: a time, a level, spans, the target, fields.
    let records: Vec<(i64, &str, String)> = text
        .lines()
        .map(|line| {
            let at = chrono::DateTime::parse_from_rfc3339(&line[..27]).expect("a time").timestamp();
            let target = targets.into_iter().find(|target| line.contains(*target)).expect("a target");
            (at, target, line[34..].replace(&format!("{target}: "), ""))
        })
        .collect();
    assert!(records.len() > 5);
    let rows: Vec<(i64, &str, &str)> = records.iter().map(|(at, target, body)| (*at, *target, body.as_str())).collect();
    log_database(&work, "codex/logs_2.sqlite", &rows);
    work.write("codex/log/codex.log", &text);
    let told = |path: &str| {
        let report = work.report(&[path, "--by", "conversation,model,day"]);
        (report["rows"].clone(), report["totals"].clone())
    };
    let of_trace = told("codex/log");
    assert!(of_trace.1["calls"].as_u64() > Some(1));
    assert_eq!(told("codex/logs_2.sqlite"), of_trace);
    // Both together tell the same calls.
    assert_eq!(told("codex"), of_trace);
}

#[test]
fn codexs_settings_tell_where_its_log_database_lies() {
    let call = |conversation: u32, output: u32| {
        format!(
            "event.name=\"codex.sse_event\" event.kind=response.completed input_token_count=1 output_token_count={output} \
             event.timestamp=2026-03-02T08:00:01.000Z conversation.id=01a09f5b-f900-7f8b-9419-88d40a5357e{conversation} model=m"
        )
    };
    let work = Workdir::new();
    let target = "codex_otel.log_only";
    let places =
        ["../home/.codex/logs_2.sqlite", "../home/.codex/sqlite/logs_2.sqlite", "../home/.codex/moved/logs_2.sqlite"];
    let more = ["../home/elsewhere/logs_2.sqlite", "mine/logs_2.sqlite"];
    for (index, place) in (0..).zip(places.into_iter().chain(more)) {
        log_database(&work, place, &[(1_772_438_401, target, &call(index, 1 << index))]);
    }
    let read = |settings: &str| {
        work.write("../home/.codex/config.toml", settings);
        let report = work.report(&["--sessions", "auto"]);
        report["totals"]["output_tokens"].as_u64()
    };
    let absolute = format!("sqlite_home = '{}'", work.path("mine").display());
    assert_eq!(read("model = 'm'"), Some(0b11));
    assert_eq!(read("sqlite_home = \"moved\""), Some(0b111));
    assert_eq!(read("sqlite_home = \"~/elsewhere\""), Some(0b1011));
    assert_eq!(read(&absolute), Some(0b1_0011));
    for settings in
        ["sqlite_home = 'nowhere'", "sqlite_home = 5", "sqlite_home = 'moved'\n[", "[a]\nsqlite_home = 'moved'"]
    {
        assert_eq!(read(settings), Some(0b11), "{settings}");
    }
}

#[test]
fn what_a_row_of_the_log_database_quotes_stays_in_it() {
    let work = Workdir::new();
    let call = |input: u32, second: u32| {
        format!(
            "event.name=\"codex.sse_event\" event.kind=response.completed input_token_count={input} output_token_count=1 \
             event.timestamp=2026-03-02T08:00:{second:02}.000Z conversation.id=01a09f5b-f900-7f8b-9419-88d40a5357e0 model=gpt-5.4"
        )
    };
    let quoted = format!(
        "event.name=\"codex.tool_result\" tool_name=shell output=look:\n2026-03-02T08:00:01.000000Z TRACE codex_otel.log_only: {}",
        call(1_000_000, 1)
    );
    log_database(
        &work,
        "logs_2.sqlite",
        &[
            (1_772_438_400, "codex_otel.log_only", &call(10, 0)),
            (1_772_438_401, "codex_otel.log_only", &quoted),
            (1_772_438_402, "codex_otel.log_only", &call(20, 2)),
            (1_772_438_403, "codex_core::client", &call(2_000_000, 3)),
        ],
    );
    let totals = work.report(&["logs_2.sqlite"])["totals"].clone();
    assert_eq!((&totals["calls"], &totals["input_tokens"]), (&2.into(), &30.into()));
}

#[test]
fn a_prompt_in_the_log_database_hides_no_row_before_it() {
    let call = |input: u32| {
        format!(
            "event.name=\"codex.sse_event\" event.kind=response.completed input_token_count={input} output_token_count=1 \
             event.timestamp=2026-03-02T08:00:00.000Z conversation.id=01a09f5b-f900-7f8b-9419-88d40a5357e0 model=gpt-5.4"
        )
    };
    for text in ["[REDACTED]", "look:\nmcp_server= mcp_server_origin="] {
        let work = Workdir::new();
        let prompt = format!(
            "event.name=\"codex.user_prompt\" prompt_length=90 prompt={text} event.timestamp=2026-03-02T08:00:01.000Z \
             conversation.id=01a09f5b-f900-7f8b-9419-88d40a5357e0 model=gpt-5.4"
        );
        log_database(
            &work,
            "logs_2.sqlite",
            &[
                (1_772_438_400, "codex_otel.log_only", &call(10)),
                (1_772_438_401, "codex_otel.log_only", &prompt),
                (1_772_438_402, "codex_otel.log_only", &call(20)),
            ],
        );
        let totals = work.report(&["logs_2.sqlite"])["totals"].clone();
        assert_eq!((&totals["calls"], &totals["input_tokens"]), (&2.into(), &30.into()), "{text}");
    }
}

#[test]
fn codexs_log_database_is_found_in_its_home() {
    let work = Workdir::new();
    let call = "event.name=\"codex.sse_event\" event.kind=response.completed input_token_count=7 output_token_count=1 \
                event.timestamp=2026-03-02T08:00:00.000Z conversation.id=01a09f5b-f900-7f8b-9419-88d40a5357e0 model=gpt-5.4";
    log_database(&work, "../home/.codex/logs_2.sqlite", &[(1_772_438_400, "codex_otel.log_only", call)]);
    assert_eq!(work.report(&["--sessions", "auto"])["totals"]["input_tokens"], 7);
}
