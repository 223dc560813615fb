//! The screen, as text and as Markdown.

use unicode_width::UnicodeWidthStr;

use super::{PLAIN, report, shown};
use crate::event::{Loss, Skip, Time};
use crate::render::{Format, Style};
use crate::table::{Defect, Report, Skipped, Slowest, Warning, WarningCode};

const SPEC: &str = "loop=spec-review profiles=cc1 runs=26 failed_runs=1 input_tokens=18_300_000 \
    cache_read_input_tokens=17_200_000 uncached_input_tokens=1_100_000 output_tokens=140_000 cost_usd=23.75 \
    cost_low_usd=23.75 duration_ms=20_280_000 max_duration_ms=1_860_000 complete=true exact_runs=26";
const RUST: &str = "loop=rust-core profiles=codex1,codex2 runs=41 failed_runs=2 input_tokens=65_100_000 \
    cache_read_input_tokens=61_190_000 uncached_input_tokens=3_910_000 output_tokens=400_000 cost_usd=23.19 \
    cost_low_usd=23.19 duration_ms=35_520_000 max_duration_ms=6_720_000 complete=true exact_runs=41";
const SWARM: &str = "loop=tui-swarm profiles=codex3 runs=33 failed_runs=9 input_tokens=24_300_000 \
    cache_read_input_tokens=22_350_000 uncached_input_tokens=1_950_000 output_tokens=270_000 cost_low_usd=12.059 \
    duration_ms=31_020_000 max_duration_ms=2_460_000 complete=false exact_runs=27 blended_runs=0 partial_runs=6";
const POLISH: &str = "loop=ui-polish profiles=cc2 runs=9 failed_runs=0 duration_ms=7_620_000 \
    max_duration_ms=1_320_000 complete=false exact_runs=0 unknown_runs=9";
const LOOP_TOTALS: &str = "runs=109 failed_runs=12 input_tokens=107_700_000 cache_read_input_tokens=100_740_000 \
    uncached_input_tokens=6_960_000 output_tokens=810_000 cost_low_usd=58.99 duration_ms=94_440_000 \
    max_duration_ms=6_720_000 complete=false exact_runs=94 blended_runs=0 partial_runs=6 unknown_runs=9";

fn loops() -> Report {
    let mut report = report(&["loop"], &[SPEC, RUST, SWARM, POLISH], LOOP_TOTALS);
    report.loops = 6;
    report.groups = 6;
    report.profiles = 5;
    report.window.since = Time::parse("2026-11-19T23:00:00Z");
    report.window.until = Time::parse("2026-11-20T23:00:00Z");
    report.blind_loops = vec!["ui-polish".to_owned()];
    report.slowest = Some(Slowest {
        run_id: "9f3c2a17-4b1d-4c5e-8f00-000000000001".to_owned(),
        loop_name: "rust-core".to_owned(),
        times_median: 8.62,
        alike: Vec::new(),
    });
    let skipped = |path: &str, reason: &str| Skipped {
        path: path.to_owned(),
        skip: Skip { reason: reason.to_owned(), loss: Loss::None },
        is_part: false,
    };
    report.sources.skipped = vec![skipped("b.bin", "no known format"), skipped("a.bin", "no known format")];
    let message = "records that are cut or torn; not counted".to_owned();
    report.warnings = vec![Warning { code: WarningCode::Defect(Defect::Torn), message, count: 3, counted: "records" }];
    report
}

fn days() -> Report {
    let rows = [
        "day=2026-11-18 runs=340 failed_runs=22 uncached_input_tokens=14_030_000 output_tokens=1_630_000 \
            blended_tokens=16_000_000 cost_low_usd=104.62 duration_ms=188_340_000 complete=false exact_runs=322 \
            blended_runs=18",
        "day=2026-11-19 runs=97 failed_runs=3 uncached_input_tokens=3_080_000 output_tokens=370_000 \
            blended_tokens=3_450_000 cost_usd=22.94 cost_low_usd=22.94 duration_ms=49_680_000 complete=true \
            exact_runs=97",
        "day=2026-11-20 runs=1 failed_runs=0 blended_tokens=5_267 cost_low_usd=0.004 duration_ms=8_200 \
            complete=false exact_runs=0 blended_runs=1",
    ];
    let totals = "runs=438 failed_runs=25 uncached_input_tokens=17_110_000 output_tokens=2_000_000 \
        blended_tokens=19_455_267 cost_low_usd=127.564 duration_ms=238_028_200 complete=false exact_runs=419 \
        blended_runs=19";
    let mut report = report(&["day"], &rows, totals);
    report.window.found = Time::parse("2026-11-18T05:00:00Z").zip(Time::parse("2026-11-20T19:00:00Z"));
    report
}

#[test]
fn loops_are_shown_as_in_the_sketch() {
    insta::assert_snapshot!(shown(&loops(), Format::Table, &PLAIN), @r#"
    6 loops · 109 runs · 5 profiles · Fri 20 Nov 2026 (Europe/Oslo)

    LOOP         PROFILE   RUNS  FAIL  FRESH IN  CACHED  OUTPUT     COST  RUN TIME  SLOWEST   EXACT
    spec-review  cc1         26     1     1.10M     94%    140K   $23.75    5h 38m      31m   26/26
    rust-core    codex1,2    41     2     3.91M     94%    400K   $23.19    9h 52m   1h 52m   41/41
    tui-swarm    codex3      33     9    ≥1.95M     92%   ≥270K  ≥$12.05    8h 37m      41m   27/33
    ui-polish    cc2          9     0         –       –       –        –    2h 07m      22m     0/9
    … 2 more (of 6)
    ───────────────────────────────────────────────────────────────────────────────────────────────
    6 loops                 109    12    ≥6.96M     94%   ≥810K  ≥$58.99   26h 14m   1h 52m  94/109

    Measured 94 of 109 runs: 6 were cut off, 9 left nothing (ui-polish).
    Slowest: 9f3c2a17 rust-core, 8.6× its loop's median
    Passed over 2 files: no known format (a.bin, …)
    warning: records that are cut or torn; not counted (3 records)
    "#);
}

#[test]
fn days_are_shown_with_bars() {
    insta::assert_snapshot!(shown(&days(), Format::Table, &PLAIN), @r#"
    438 runs · Wed 18 – Fri 20 Nov 2026 (Europe/Oslo)

    DAY     RUNS  FAIL  FRESH IN  OUTPUT  BLENDED      COST  RUN TIME    EXACT
    Wed 18   340    22    ≥14.0M  ≥1.63M    16.0M  ≥$104.62   52h 19m  322/340  ████████████████████+
    Thu 19    97     3     3.08M    370K    3.45M    $22.94   13h 48m    97/97  ████
    Fri 20     1     0         –       –    5.27K       >$0      8.2s      0/1  █+
    ─────────────────────────────────────────────────────────────────────────────────────────────────
    3 days   438    25    ≥17.1M  ≥2.00M    19.5M  ≥$127.56   66h 07m  419/438

    Measured 419 of 438 runs: 19 left only a footer.
    "#);
}

#[test]
fn bars_of_runs_that_left_only_footers_are_of_their_tokens_and_not_of_their_times() {
    let rows = [
        "day=2026-11-19 runs=1 blended_tokens=31_000 duration_ms=1_200_000 complete=false blended_runs=1",
        "day=2026-11-20 runs=3 blended_tokens=62_000 duration_ms=600_000 complete=false blended_runs=2 unknown_runs=1",
    ];
    let text = shown(&report(&["day"], &rows, "runs=4"), Format::Table, &PLAIN);
    let bars: Vec<&str> = text.lines().filter_map(|line| line.rsplit_once("  ").map(|(_, bar)| bar)).collect();
    let bars: Vec<&str> = bars.into_iter().filter(|bar| bar.contains('█')).collect();
    // Of the second day more may be missing: a floor.
    assert_eq!(bars, ["█".repeat(10), "█".repeat(20) + "+"]);
}

#[test]
fn the_period_that_is_not_over_says_so() {
    let marked = |name: &str, rows: &[&str], now: &str| {
        let text = shown(&report(&[name], rows, "runs=2"), Format::Table, &Style { now: Time::parse(now), ..PLAIN });
        text.lines().filter(|line| line.ends_with("█  so far")).map(|line| line[..10].to_owned()).collect::<Vec<_>>()
    };
    let rows = [
        "day=2026-11-18 runs=1 duration_ms=9 cost_usd=1 cost_low_usd=1",
        "day=2026-11-20 runs=1 cost_low_usd=0 duration_ms=9",
    ];
    // The day began before midnight in UTC.
    assert_eq!(marked("day", &rows[..1], "2026-11-17T23:30:00Z"), ["Wed 18    "]);
    assert_eq!(marked("day", &rows, "2026-11-19T23:30:00Z").len(), 0);
    assert_eq!(
        marked("week", &[&rows[0].replace("day=2026-11-18", "week=2026-11-16")], "2026-11-20T08:00:00Z").len(),
        1
    );
    assert_eq!(
        marked("month", &[&rows[0].replace("day=2026-11-18", "month=2026-11")], "2026-11-30T08:00:00Z").len(),
        1
    );
    let hour = rows[0].replace("day=2026-11-18", "hour=2026-11-18T07:00+01:00");
    assert_eq!(marked("hour", &[&hour], "2026-11-18T06:30:00Z").len(), 1);
    assert_eq!(
        marked("month", &[&rows[0].replace("day=2026-11-18", "month=2026-11")], "2026-12-01T08:00:00Z").len(),
        0
    );
}

#[test]
fn markdown_shows_the_same_figures() {
    insta::assert_snapshot!(shown(&loops(), Format::Markdown, &PLAIN), @r#"
    6 loops · 109 runs · 5 profiles · Fri 20 Nov 2026 (Europe/Oslo)

    | LOOP | PROFILE | RUNS | FAIL | FRESH IN | CACHED | OUTPUT | COST | RUN TIME | SLOWEST | EXACT |
    | :--- | :--- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |
    | spec-review | cc1 | 26 | 1 | 1.10M | 94% | 140K | \$23.75 | 5h 38m | 31m | 26/26 |
    | rust-core | codex1,2 | 41 | 2 | 3.91M | 94% | 400K | \$23.19 | 9h 52m | 1h 52m | 41/41 |
    | tui-swarm | codex3 | 33 | 9 | ≥1.95M | 92% | ≥270K | ≥\$12.05 | 8h 37m | 41m | 27/33 |
    | ui-polish | cc2 | 9 | 0 | – | – | – | – | 2h 07m | 22m | 0/9 |
    | **6 loops** |  | **109** | **12** | **≥6.96M** | **94%** | **≥810K** | **≥\$58.99** | **26h 14m** | **1h 52m** | **94/109** |

    … 2 more (of 6)

    Measured 94 of 109 runs: 6 were cut off, 9 left nothing (ui-polish).
    "#);
}

#[test]
fn a_bare_log_by_model_counts_conversations_and_calls() {
    let rows = [
        "model=gpt-5.3-codex conversations=2 calls=7 uncached_input_tokens=3_991 input_tokens=30_999 \
            cache_read_input_tokens=27_008 output_tokens=1_276 complete=true exact_runs=2",
        "conversations=0 complete=false exact_runs=0 unknown_runs=1",
    ];
    let totals = "runs=0 conversations=2 calls=7 uncached_input_tokens=3_991 output_tokens=1_276 complete=false \
        exact_runs=2 unknown_runs=1";
    insta::assert_snapshot!(shown(&report(&["model"], &rows, totals), Format::Table, &PLAIN), @r#"
    2 conversations

    MODEL          CALLS  FRESH IN  CACHED  OUTPUT  COST  EXACT
    gpt-5.3-codex      7     3.99K     87%   1.28K     –    2/2
    –                  –         –       –       –     –    0/1
    ───────────────────────────────────────────────────────────
    1 model            7    ≥3.99K       –  ≥1.27K     –    2/3

    Measured 2 of 3 conversations: 1 left nothing.
    "#);
}

#[test]
fn a_single_group_needs_no_totals() {
    let text = shown(&report(&["loop"], &[SPEC], SPEC), Format::Table, &PLAIN);
    assert!(!text.contains('─'), "{text}");
    assert!(text.ends_with("\nMeasured all 26 runs.\n"), "{text}");
}

#[test]
fn an_empty_window_says_so_and_what_to_do() {
    let mut empty = loops();
    empty.rows = empty.rows.head(0);
    let text = shown(&empty, Format::Table, &PLAIN);
    let first = "Nothing in this window: Fri 20 Nov 2026 (Europe/Oslo). Widen it with --since and --until.\n";
    assert!(text.starts_with(first), "{text}");
    assert!(shown(&empty, Format::Markdown, &PLAIN).starts_with("Nothing in this window"));
    empty.filters = vec!["loop=typo".to_owned(), "status=error".to_owned()];
    let text = shown(&empty, Format::Table, &PLAIN);
    assert!(text.contains("--since and --until, or loosen --where loop=typo --where status=error.\n"), "{text}");
    (empty.window.since, empty.window.until) = (None, None);
    let text = shown(&empty, Format::Table, &PLAIN);
    assert!(text.starts_with("Nothing matches --where loop=typo --where status=error.\n"), "{text}");
}

#[test]
fn quiet_leaves_the_table_alone() {
    let text = shown(&loops(), Format::Table, &Style { notes: false, ..PLAIN });
    assert!(text.starts_with("LOOP "), "{text}");
    assert!(text.lines().last().unwrap().starts_with("6 loops "), "{text}");
}

#[test]
fn a_narrow_screen_drops_the_least_important_columns_first() {
    let head = |width| {
        let style = Style { width: Some(width), notes: false, ..PLAIN };
        let text = shown(&loops(), Format::Table, &style);
        for line in text.lines().filter(|line| !line.starts_with("… ")) {
            assert!(line.width() <= width, "{width}: {line:?}");
        }
        text.lines().next().unwrap().split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert_eq!(head(96), "LOOP PROFILE RUNS FAIL FRESH IN CACHED OUTPUT COST RUN TIME SLOWEST EXACT");
    assert_eq!(head(80), "LOOP PROFILE RUNS FAIL FRESH IN OUTPUT COST RUN TIME EXACT");
    assert_eq!(head(60), "LOOP RUNS FAIL FRESH IN OUTPUT COST EXACT");
    assert_eq!(head(40), "LOOP FRESH IN COST EXACT");
    assert_eq!(head(24), "LOOP COST");
    assert_eq!(head(8), "LOOP");
    assert_eq!(head(3), "LO…");
    head(1);
}

#[test]
fn long_names_are_cut_only_where_the_width_is_limited() {
    let name = "a-loop-whose-name-is-much-too-long-for-any-screen-1";
    let row = SPEC.replace("spec-review", name);
    let report = report(&["loop"], &[&row], SPEC);
    assert!(shown(&report, Format::Table, &PLAIN).contains(name));
    let text = shown(&report, Format::Table, &Style { width: Some(120), ..PLAIN });
    assert!(text.contains("a-loop-whose-name-is…ng-for-any-screen-1"), "{text}");
}

#[test]
fn colour_takes_no_room() {
    let plain = shown(&loops(), Format::Table, &PLAIN);
    let coloured = shown(&loops(), Format::Table, &Style { color: true, ..PLAIN });
    for code in ["\u{1b}[1m", "\u{1b}[2m", "\u{1b}[31m", "\u{1b}[33m"] {
        assert!(coloured.contains(code), "{code:?} in {coloured:?}");
    }
    let mut stripped = coloured;
    for code in ["1", "2", "22", "31", "33", "39"] {
        stripped = stripped.replace(&format!("\u{1b}[{code}m"), "");
    }
    let trimmed: Vec<&str> = stripped.lines().map(str::trim_end).collect();
    assert_eq!(trimmed, plain.lines().collect::<Vec<_>>());
}

#[test]
fn hostile_names_are_harmless_wherever_they_stand() {
    let evil = "\u{1b}[2J|<b>@all\u{202e}";
    let mut report = report(&["loop"], &[&SPEC.replace("spec-review", evil), POLISH], LOOP_TOTALS);
    report.blind_loops = vec![evil.to_owned()];
    let skip = Skip { reason: evil.to_owned(), loss: Loss::Found };
    report.sources.skipped = vec![Skipped { path: evil.to_owned(), skip, is_part: true }];
    report.slowest = Some(Slowest {
        run_id: evil.to_owned(),
        loop_name: evil.to_owned(),
        times_median: f64::MAX,
        alike: Vec::new(),
    });
    report.warnings =
        vec![Warning { code: WarningCode::Mismatch, message: evil.to_owned(), count: 1, counted: "runs" }];
    for format in Format::ALL {
        let text = shown(&report, format, &PLAIN);
        assert!(!text.contains(['\u{1b}', '\u{202e}']), "{format:?}: {text:?}");
        assert!(format != Format::Markdown || !text.contains("<b>") && !text.contains("@all"), "{text}");
    }
}

#[test]
fn the_coverage_names_three_blind_loops_at_most() {
    let mut report = loops();
    report.blind_loops = ["a", "b", "c", "d"].map(str::to_owned).to_vec();
    let text = shown(&report, Format::Table, &PLAIN);
    assert!(text.contains("Measured 94 of 109 runs: 6 were cut off, 9 left nothing (a, b, c, …).\n"), "{text}");
}
