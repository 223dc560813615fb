//! opencode's database as versions from 2 on write it, and as they leave an older one behind.

use rusqlite::Connection;
use serde_json::{Value, json};

use crate::support::Workdir;

const NEXT: &str = "
    CREATE TABLE session_v2 (id TEXT PRIMARY KEY, project_id TEXT, parent_id TEXT, fork_session_id TEXT, directory TEXT,
        version TEXT, cost REAL, tokens_input INTEGER, tokens_output INTEGER, tokens_reasoning INTEGER,
        tokens_cache_read INTEGER, tokens_cache_write INTEGER, time_created INTEGER);
    CREATE TABLE session_message (id TEXT PRIMARY KEY, session_id TEXT, type TEXT, time_created INTEGER, data TEXT);
    CREATE TABLE event (id TEXT PRIMARY KEY, aggregate_id TEXT, seq INTEGER, created INTEGER, type TEXT, data TEXT);";

const BEFORE: &str = "
    CREATE TABLE session (id TEXT PRIMARY KEY, parent_id TEXT, directory TEXT, version TEXT, time_created INTEGER);
    CREATE TABLE message (id TEXT PRIMARY KEY, session_id TEXT, data TEXT);";

/// 24 November 2026, 08:00.
const AT: i64 = 1_795_507_200_000;

fn tokens(input: u64, output: u64) -> Value {
    json!({"input": input, "output": output, "reasoning": 0, "cache": {"read": 0, "write": 0}})
}

fn answer(asked: i64, answered: i64, input: u64, output: u64) -> Value {
    let model = json!({"id": "claude-sonnet-4-5", "providerID": "anthropic"});
    json!({"agent": "build", "model": model, "content": [], "cost": 0.01, "tokens": tokens(input, output),
        "time": {"created": AT + asked, "completed": AT + answered}})
}

/// A session, what its counter tells, and the one that spawned it or that it was forked from.
fn session(database: &Connection, id: &str, (input, output): (i64, i64), parent: Option<&str>, fork: Option<&str>) {
    let query = "INSERT INTO session_v2 VALUES (?1, 'p', ?4, ?5, '/srv/meadow', '2.0.18', 0, ?2, ?3, 0, 0, 0, ?6)";
    database.execute(query, rusqlite::params![id, input, output, parent, fork, AT]).expect("a session");
}

fn message(database: &Connection, id: &str, session: &str, kind: &str, data: &Value) {
    let query = "INSERT INTO session_message VALUES (?1, ?2, ?3, ?4, ?5)";
    database.execute(query, rusqlite::params![id, session, kind, AT, data.to_string()]).expect("a message");
}

fn usage(database: &Connection, id: &str, session: &str, data: &Value) {
    let query = "INSERT INTO event VALUES (?1, ?2, 1, ?3, 'session.usage.recorded.1', ?4)";
    database.execute(query, rusqlite::params![id, session, AT + 2_000, data.to_string()]).expect("an event");
}

fn database(work: &Workdir, schema: &str) -> Connection {
    let database = Connection::open(work.write("opencode.db", "")).expect("a database");
    database.execute_batch(schema).expect("tables");
    database
}

/// Calls, input, output, and whether nothing is missing.
fn totals(work: &Workdir) -> [Value; 4] {
    let totals = work.report(&["opencode.db"])["totals"].clone();
    ["calls", "input_tokens", "output_tokens", "complete"].map(|key| totals[key].clone())
}

#[test]
fn titles_and_compactions_count_beside_answers_and_each_once() {
    let work = Workdir::new();
    let database = database(&work, NEXT);
    session(&database, "ses_a", (91_450, 1_130), None, None);
    message(&database, "m1", "ses_a", "user", &json!({"text": "q"}));
    message(&database, "m2", "ses_a", "assistant", &answer(1_500, 9_000, 1_000, 200));
    let compaction = json!({"status": "completed", "cost": 0.3, "tokens": tokens(90_000, 900)});
    message(&database, "m3", "ses_a", "compaction", &compaction);
    message(&database, "m4", "ses_a", "assistant", &answer(40_000, 45_000, 50, 20));
    let title = json!({"sessionID": "ses_a", "source": "title", "cost": 0.001, "tokens": tokens(400, 10)});
    usage(&database, "e1", "ses_a", &title);
    let same = json!({"sessionID": "ses_a", "source": "compaction", "cost": 0.3, "tokens": tokens(90_000, 900)});
    usage(&database, "e2", "ses_a", &same);
    assert_eq!(totals(&work), [json!(4), json!(91_450), json!(1_130), json!(true)]);
}

#[test]
fn a_session_tells_who_spawned_it_or_what_it_was_forked_from() {
    let work = Workdir::new();
    let database = database(&work, NEXT);
    session(&database, "ses_a", (1_000, 100), None, None);
    session(&database, "ses_b", (300, 40), Some("ses_a"), None);
    session(&database, "ses_c", (700, 70), None, Some("ses_a"));
    message(&database, "m1", "ses_a", "assistant", &answer(1_000, 2_000, 1_000, 100));
    message(&database, "m2", "ses_b", "assistant", &answer(3_000, 4_000, 300, 40));
    message(&database, "m3", "ses_c", "assistant", &answer(1_000, 2_000, 1_000, 100));
    message(&database, "m4", "ses_c", "assistant", &answer(5_000, 6_000, 700, 70));
    assert_eq!(totals(&work), [json!(3), json!(2_000), json!(210), json!(true)]);
    let outcome = work.run(&["export", "conversations", "--format", "jsonl", "opencode.db"]);
    let told: Vec<Value> = outcome.stdout.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let told = told.iter().map(|row| {
        let keys = ["conversation_id", "parent_conversation_id", "is_subagent", "total_tokens", "repo"];
        keys.map(|key| row[key].clone())
    });
    let mut told: Vec<[Value; 5]> = told.collect();
    told.sort_by_key(|row| row[0].to_string());
    let row = |id, parent: Value, is_subagent, total| {
        [json!(id), parent, json!(is_subagent), json!(total), json!("/srv/meadow")]
    };
    assert_eq!(
        told,
        [
            row("ses_a", Value::Null, false, 1_100),
            row("ses_b", json!("ses_a"), true, 340),
            row("ses_c", json!("ses_a"), false, 770),
        ]
    );
}

#[test]
fn messages_that_an_upgrade_copied_are_the_same_calls() {
    let work = Workdir::new();
    let database = upgraded(&work);
    session(&database, "ses_a", (500, 60), None, None);
    // The copy was answered when the row was last written.
    message(&database, "m1", "ses_a", "assistant", &answer(5, 903, 500, 60));
    message(&database, "m2", "ses_a", "assistant", &answer(8_000, 9_000, 20, 3));
    assert_eq!(totals(&work), [json!(2), json!(520), json!(63), json!(true)]);
}

#[test]
fn a_session_whose_counter_alone_tells_of_usage_used_an_unknown_amount() {
    let unknown = |work: &Workdir| {
        let totals = work.report(&["opencode.db"])["totals"].clone();
        (totals["total_tokens"].clone(), totals["complete"].clone(), totals["runs_by_quality"]["unknown"].clone())
    };
    let work = Workdir::new();
    session(&database(&work, NEXT), "ses_a", (3_000, 300), None, None);
    assert_eq!(unknown(&work), (Value::Null, json!(false), json!(1)));
    // Versions before 2 may leave the messages of some providers without counts.
    let work = Workdir::new();
    let database = database(&work, BEFORE);
    let columns = ["tokens_input", "tokens_output", "tokens_cache_read", "tokens_cache_write"];
    for column in columns {
        database.execute_batch(&format!("ALTER TABLE session ADD COLUMN {column} INTEGER;")).expect("a column");
    }
    let query = "INSERT INTO session VALUES ('ses_a', NULL, '/srv/meadow', '1.16.0', ?1, 3000, 300, 0, 0)";
    database.execute(query, [AT]).expect("a session");
    let query = "INSERT INTO message VALUES ('m1', 'ses_a', ?1)";
    database.execute(query, [old_answer(5, 900, 0, 0).to_string()]).expect("a message");
    assert_eq!(unknown(&work), (Value::Null, json!(false), json!(1)));
}

/// A database that an upgrade to version 2 left, with a message as the version before wrote it.
fn upgraded(work: &Workdir) -> Connection {
    let database = database(work, BEFORE);
    database.execute_batch(NEXT).expect("tables");
    let query = "INSERT INTO message VALUES (?1, ?2, ?3)";
    database.execute(query, ["m1", "ses_a", &old_answer(5, 900, 500, 60).to_string()]).expect("a message");
    database
}

/// The record of a version before 2.
fn old_answer(asked: i64, answered: i64, input: u64, output: u64) -> Value {
    json!({"role": "assistant", "modelID": "claude-sonnet-4-5", "providerID": "anthropic", "cost": 0.01,
        "tokens": tokens(input, output), "time": {"created": AT + asked, "completed": AT + answered}})
}

#[test]
fn messages_that_an_upgrade_copied_are_the_same_calls_as_in_older_files() {
    let work = Workdir::new();
    let database = database(&work, NEXT);
    let mut file = old_answer(5, 900, 500, 60);
    file["id"] = json!("m1");
    file["sessionID"] = json!("ses_a");
    work.write("storage/message/ses_a/m1.json", file.to_string());
    session(&database, "ses_a", (520, 63), None, None);
    // Of the same message the upgrade tells that it was answered later.
    message(&database, "m1", "ses_a", "assistant", &answer(5, 903, 500, 60));
    message(&database, "m2", "ses_a", "assistant", &answer(8_000, 9_000, 20, 3));
    let totals = work.report(&["."])["totals"].clone();
    assert_eq!(
        ["calls", "input_tokens", "output_tokens", "complete"].map(|key| totals[key].clone()),
        [json!(2), json!(520), json!(63), json!(true)]
    );
}

#[test]
fn an_upgrade_that_drops_a_total_leaves_what_the_older_row_or_file_tells() {
    // The total tells that the 60 tokens of output include the thinking; the copy of the upgrade lacks it.
    let with_thinking = |mut data: Value, total: Option<u64>| {
        data["tokens"]["reasoning"] = json!(20);
        data["tokens"]["total"] = json!(total);
        data
    };
    let older = with_thinking(old_answer(5, 900, 500, 60), Some(560));
    for answered in [900, 903] {
        let work = Workdir::new();
        let database = database(&work, BEFORE);
        database.execute_batch(NEXT).expect("tables");
        let query = "INSERT INTO message VALUES ('m1', 'ses_a', ?1)";
        database.execute(query, [older.to_string()]).expect("a message");
        session(&database, "ses_a", (500, 60), None, None);
        message(&database, "m1", "ses_a", "assistant", &with_thinking(answer(5, answered, 500, 60), None));
        assert_eq!(totals(&work), [json!(1), json!(500), json!(60), json!(true)], "{answered}");
        database.execute("DELETE FROM message", []).expect("no rows");
        let mut file = older.clone();
        (file["id"], file["sessionID"]) = (json!("m1"), json!("ses_a"));
        work.write("storage/message/ses_a/m1.json", file.to_string());
        let totals = work.report(&["."])["totals"].clone();
        assert_eq!((&totals["calls"], &totals["output_tokens"]), (&json!(1), &json!(60)), "{answered}");
    }
}

#[test]
fn a_fork_of_a_session_that_an_upgrade_copied_made_none_of_its_calls() {
    let work = Workdir::new();
    let database = upgraded(&work);
    session(&database, "ses_a", (500, 60), None, None);
    session(&database, "ses_b", (20, 3), None, Some("ses_a"));
    message(&database, "m1", "ses_a", "assistant", &answer(5, 903, 500, 60));
    message(&database, "m2", "ses_b", "assistant", &answer(5, 903, 500, 60));
    message(&database, "m3", "ses_b", "assistant", &answer(8_000, 9_000, 20, 3));
    assert_eq!(totals(&work), [json!(2), json!(520), json!(63), json!(true)]);
}

#[test]
fn a_session_whose_counter_tells_of_more_than_its_messages_is_a_floor() {
    let work = Workdir::new();
    let database = database(&work, NEXT);
    // A message of 2,000 and 200 tokens was reverted, and its row deleted.
    session(&database, "ses_a", (3_000, 300), None, None);
    message(&database, "m1", "ses_a", "assistant", &answer(1_000, 2_000, 1_000, 100));
    assert_eq!(totals(&work), [json!(1), json!(1_000), json!(100), json!(false)]);
    let explained = work.run(&["explain", "ses_a", "opencode.db"]).stdout;
    assert!(explained.contains("the harness counted more of the session"), "{explained}");
}
