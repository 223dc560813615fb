//! Databases of harnesses: written to while they are read, broken, or not to be trusted.

use rusqlite::Connection;

use crate::support::{Workdir, warning_codes};

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
