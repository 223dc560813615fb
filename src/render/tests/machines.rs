//! JSON, JSON Lines and CSV: whole, exact, in the schema's order.

use super::{PLAIN, report, shown, table};
use crate::event::{Loss, Skip};
use crate::render::Format;
use crate::table::schema;
use crate::table::{Definition, Skipped, Warning, WarningCode};

const ROW: &str = "harness=codex runs=2 conversations=2 calls=7 input_tokens=9_223_372_036_854_775_807 \
    cost_computed_usd=0.1 cost_low_usd=9007.199254740993 duration_ms=1000 failed_runs=0 profiles=cc1,cc2 \
    complete=false exact_runs=1 blended_runs=1 partial_runs=0 unknown_runs=0";

#[test]
fn json_keeps_the_order_of_the_contract() {
    let mut report = report(&["harness"], &[ROW], "runs=2");
    report.sources.files = 1;
    report.sources.bytes = 5;
    report.sources.skipped = vec![Skipped {
        path: "a\u{9b}b".to_owned(),
        skip: Skip { reason: "no \"known\" format".to_owned(), loss: Loss::None },
        is_part: false,
    }];
    report.warnings =
        vec![Warning { code: WarningCode::UnknownModel, message: "x".to_owned(), count: 2, counted: "runs" }];
    insta::assert_snapshot!(shown(&report, Format::Json, &PLAIN).replace('{', "\n{").trim_start(), @r#"
    {"schema_version":1,"by":["harness"],"rows":[
    {"harness":"codex","runs":2,"conversations":2,"calls":7,"input_tokens":9223372036854775807,"cache_read_input_tokens":null,"cache_creation_input_tokens":null,"uncached_input_tokens":null,"output_tokens":null,"reasoning_output_tokens":null,"total_tokens":null,"blended_tokens":null,"cost_usd":null,"cost_reported_usd":null,"cost_computed_usd":0.1,"cost_low_usd":9007.199254740993,"cost_high_usd":null,"duration_ms":1000,"max_duration_ms":null,"failed_runs":0,"timed_runs":null,"ended_runs":null,"profiles":"cc1,cc2","complete":false,"priced_runs":null,"median_cost_usd":null,"median_total_tokens":null,"median_uncached_input_tokens":null,"median_output_tokens":null,"median_blended_tokens":null,"median_duration_ms":null,"runs_by_quality":
    {"exact":1,"blended":1,"partial":0,"unknown":0}}],"totals":
    {"runs":2,"conversations":null,"calls":null,"input_tokens":null,"cache_read_input_tokens":null,"cache_creation_input_tokens":null,"uncached_input_tokens":null,"output_tokens":null,"reasoning_output_tokens":null,"total_tokens":null,"blended_tokens":null,"cost_usd":null,"cost_reported_usd":null,"cost_computed_usd":null,"cost_low_usd":null,"cost_high_usd":null,"duration_ms":null,"max_duration_ms":null,"failed_runs":null,"timed_runs":null,"ended_runs":null,"profiles":null,"complete":null,"priced_runs":null,"median_cost_usd":null,"median_total_tokens":null,"median_uncached_input_tokens":null,"median_output_tokens":null,"median_blended_tokens":null,"median_duration_ms":null,"runs_by_quality":
    {"exact":null,"blended":null,"partial":null,"unknown":null}},"query":
    {"since":null,"until":null,"tz":"Europe/Oslo","where":[],"price_book":"2026-11-22","cost_mode":"auto","groups":1},"sources":
    {"files":1,"bytes":5,"skipped":[
    {"path":"a\u009bb","reason":"no \"known\" format"}]},"warnings":[
    {"code":"unknown-model","message":"x","count":2}]}
    "#);
}

#[test]
fn json_and_every_json_line_can_be_parsed_whatever_a_name_holds() {
    let report = report(&["harness"], &[ROW, "harness=\u{7f}\u{e0041}\u{1}"], "runs=2");
    let document: serde_json::Value = serde_json::from_str(&shown(&report, Format::Json, &PLAIN)).unwrap();
    assert_eq!(document["rows"][1]["harness"], "\u{7f}\u{e0041}\u{1}");
    assert_eq!(document["rows"][0]["runs_by_quality"]["blended"], 1);
    for line in shown(&report, Format::Jsonl, &PLAIN).lines() {
        assert!(serde_json::from_str::<serde_json::Value>(line).unwrap().is_object());
    }
}

#[test]
fn csv_is_exact_and_starts_no_formula() {
    let report = report(&["loop"], &[&format!("loop==HYPERLINK(\"x\") {ROW}"), "loop=a,b\nc runs=1"], "runs=2");
    let text = shown(&report, Format::Csv, &PLAIN);
    let lines: Vec<&str> = text.lines().collect();
    assert!(lines[0].starts_with("loop,runs,conversations,calls,input_tokens,"), "{text}");
    assert!(
        lines[0].ends_with(
            ",profiles,complete,exact_runs,blended_runs,partial_runs,unknown_runs,priced_runs,median_cost_usd,\
        median_total_tokens,median_uncached_input_tokens,median_output_tokens,median_blended_tokens,median_duration_ms"
        ),
        "{text}"
    );
    let first = "\"'=HYPERLINK(\"\"x\"\")\",2,2,7,9223372036854775807,,,,,,,,,,0.1,9007.199254740993,,1000,,0,,,\
        \"cc1,cc2\",false,1,1,0,0,,,,,,,";
    assert_eq!(lines[1], first);
    assert!(lines[2].starts_with("\"a,b\\nc\",1,,"), "{text}");
    assert_eq!(lines.len(), 3);
}

fn runs() -> Vec<&'static schema::Column> {
    (Definition::from_name("runs").unwrap().columns)()
}

#[test]
fn a_table_of_runs_has_every_column_in_every_format() {
    let row = "run_id=r1 loop=x exit_code=-1 started_at=2026-11-20T10:00:00.5+01:00 duration_ms=8_200 \
        total_tokens=32_275 cost_usd=1.5 quality=exact";
    let runs = table(runs(), &[row]);
    let written = |format| {
        let mut out = Vec::new();
        crate::render::table(&runs, format, &super::PLAIN, &mut out).unwrap();
        String::from_utf8(out).unwrap()
    };
    let csv = "r1,,x,,,,,,,-1,2026-11-20T09:00:00.500Z,,8200,,,,,,,32275,,exact,1.5,,,,,,";
    assert_eq!(written(Format::Csv).lines().nth(1), Some(csv));
    let jsonl = written(Format::Jsonl);
    assert!(jsonl.contains(r#""exit_code":-1,"started_at":"2026-11-20T09:00:00.500Z","finished_at":null"#), "{jsonl}");
    assert!(!jsonl.contains("runs_by_quality"), "{jsonl}");
    assert_eq!(written(Format::Json), format!("[{}]\n", jsonl.trim_end()));
    assert_eq!(written(Format::Markdown).lines().count(), 3);
    let text = written(Format::Table);
    assert!(text.starts_with("RUN ID  HOST  LOOP  ") && text.contains("  32.3K  "), "{text}");
}

#[test]
fn a_table_without_rows_is_still_well_formed() {
    let empty = table(runs(), &[]);
    for (format, expected) in [(Format::Json, "[]\n"), (Format::Jsonl, "")] {
        let mut out = Vec::new();
        crate::render::table(&empty, format, &super::PLAIN, &mut out).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), expected);
    }
}
