//! `check`: budgets, their verdict, and where it is written.

use std::fs::{File, OpenOptions};
use std::io::{Read, Write};
use std::path::Path;

use anyhow::Context;
use forge_usage::budget::{self, Baseline, Budget, Comparison, Limit, MEASURES, OnUnknown, Quantity, Terms, units};
use forge_usage::config::Config;
use forge_usage::error::{Error, Result};
use forge_usage::render::{self, CheckFormat, Groups, Style};
use forge_usage::table::verdict::{MostGroups, Policy, Verdict};
use forge_usage::table::{self, Answers};

use super::args::{CheckArgs, Color, LimitArgs};
use super::commit::{Commit, Question};
use super::exit::BROKEN;
use super::input::Request;
use super::overwrite::refuse_to_replace;
use super::{again, clock, commit, output, query, replace};

/// Checks, writes the verdict, and returns the exit code.
pub(super) fn run(args: &CheckArgs) -> anyhow::Result<u8> {
    let now = clock::now();
    let query = query::selection(&args.select, now)?;
    let once = once(&args.limits)?;
    let format = format(args)?;
    let request = Request { priced: args.prices.options(), ..Request::new(&args.input, &args.output) };
    let found = request.find()?;
    args.export.iter().try_for_each(|(_, path)| found.refuse_to_overwrite(Some(path)))?;
    let targets: Vec<&Path> =
        args.export.iter().map(|(_, path)| path.as_path()).chain(output::file(&args.output)).collect();
    for (at, target) in targets.iter().copied().enumerate() {
        let is_twice = targets.iter().take(at).any(|other| replace::is_one_place(other, target));
        anyhow::ensure!(!is_twice, "{} would be written twice", target.display());
        refuse_to_replace(args.baseline.baseline.as_deref(), Some(target))?;
    }
    let baseline = baseline(args)?;
    let budgets = budgets(args, once, &found.config)?;
    let file = found.config.path().filter(|_| budgets.has_policy).map(Path::to_path_buf);
    // Git answers while the input is read.
    let question = file.as_deref().and_then(commit::ask);
    let input = request.read_found(found)?;
    let lacks = input.exit_code(&args.input);
    let answers = Answers(&input.settled);
    let style = style(args);
    let most_groups = most_groups(args, format, &style);
    let terms = Terms { now, fail_on_warn: args.fail_on_warn, lacks_input: input.lacks_input(), most_groups };
    let mut verdict = budget::check(&budgets.all, &query, terms, answers)?;
    if let Some((path, baseline, comparison)) = &baseline {
        let compared = budget::compare(baseline, comparison, &query, terms, answers);
        verdict.limits.extend(compared.with_context(|| path.display().to_string())?);
    }
    verdict.policy = policy(args, file.as_deref(), question.and_then(Question::answer));
    verdict.price_book = table::price_book(&input.settled);
    verdict.sources = input.sources;
    // What is broken is so whatever else could not be read.
    verdict.exit_code = if verdict.fails() { BROKEN } else { lacks };
    write(args, &verdict, format, &style)?;
    warn(args, &verdict, format);
    Ok(verdict.exit_code)
}

/// The earlier report that is compared with, and how.
fn baseline(args: &CheckArgs) -> anyhow::Result<Option<(&Path, Baseline, Comparison)>> {
    const MOST_BYTES: u64 = 256 * 1024 * 1024;
    let Some(path) = &args.baseline.baseline else { return Ok(None) };
    let flag = |name: &'static str| move |error: Error| Error::invalid(format!("{name}: {error}"));
    let measures = args.baseline.measure.iter().map(|name| budget::comparable(name.trim()));
    let comparison = Comparison {
        measures: measures.collect::<Result<_>>().map_err(flag("--measure"))?,
        max_increase: units::rise(&args.baseline.max_increase).map_err(flag("--max-increase"))?,
        min_runs: units::count(&args.baseline.min_runs).map_err(flag("--min-runs"))?,
        on_unknown: args.limits.on_unknown.unwrap_or(OnUnknown::Warn),
    };
    let mut text = String::new();
    let file = File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let read = file.take(MOST_BYTES).read_to_string(&mut text);
    read.with_context(|| format!("cannot read {}", path.display()))?;
    let baseline = Baseline::parse(&text).with_context(|| path.display().to_string())?;
    Ok(Some((path, baseline, comparison)))
}

/// The budgets that hold.
struct Budgets {
    all: Vec<Budget>,
    /// Whether some are from the file.
    has_policy: bool,
}

/// The budgets of the file, the one of the flags, or, if the file is named, both.
fn budgets(args: &CheckArgs, once: Option<Budget>, config: &Config) -> anyhow::Result<Budgets> {
    let has_once = once.is_some() || args.baseline.baseline.is_some();
    let mut all = Vec::new();
    if !has_once || args.input.config.is_some() {
        all = budget::budgets(&config.budgets()?)?;
    }
    let has_policy = !all.is_empty();
    all.extend(once);
    if all.is_empty() && !has_once {
        let place = match config.path() {
            Some(path) => format!("{} has no [[budget]]", path.display()),
            None => "there is no .forge/usage.toml here or in a folder above".to_owned(),
        };
        anyhow::bail!("no budget to check: {place}; give one, or a limit such as --max-cost 5");
    }
    for budget in &mut all {
        override_with(budget, &args.limits)?;
    }
    Ok(Budgets { all, has_policy })
}

/// What the flags say holds for every budget.
fn override_with(budget: &mut Budget, args: &LimitArgs) -> Result<()> {
    let flag = |name: &'static str| move |error: Error| Error::invalid(format!("{name}: {error}"));
    if let Some(share) = &args.warn_at {
        budget.warn_at = units::share(share).map_err(flag("--warn-at"))?;
    }
    if let Some(share) = &args.max_unknown {
        budget.max_unknown = units::share(share).map_err(flag("--max-unknown"))?;
    }
    budget.on_unknown = args.on_unknown.unwrap_or(budget.on_unknown);
    Ok(())
}

/// The budget that the flags make; `None` without a limit.
fn once(args: &LimitArgs) -> Result<Option<Budget>> {
    let mut budget = Budget::new("command line");
    for measure in &MEASURES {
        if let Some((flag, text)) = given(args, measure.quantity) {
            let limit = measure.limit(text).map_err(|error| Error::invalid(format!("{flag}: {error}")))?;
            budget.limits.push(Limit { measure, limit });
        }
    }
    let per = args.per.iter().map(|name| name.trim());
    budget.per = budget::per(per).map_err(|error| Error::invalid(format!("--per: {error}")))?;
    override_with(&mut budget, args)?;
    if budget.limits.is_empty() && !args.per.is_empty() {
        return Err(Error::invalid("--per is about limits: add one, such as --max-cost 5"));
    }
    Ok(Some(budget).filter(|budget| !budget.limits.is_empty()))
}

/// The limit that the flags give for a quantity, with its flag.
fn given(args: &LimitArgs, quantity: Quantity) -> Option<(&'static str, &str)> {
    let (flag, text) = match quantity {
        Quantity::Cost => ("--max-cost", &args.max_cost),
        Quantity::CostPerSuccess => ("--max-cost-per-successful-run", &args.max_cost_per_successful_run),
        Quantity::TotalTokens => ("--max-tokens", &args.max_tokens),
        Quantity::UncachedInputTokens => ("--max-uncached-input-tokens", &args.max_uncached_input_tokens),
        Quantity::OutputTokens => ("--max-output-tokens", &args.max_output_tokens),
        Quantity::BlendedTokens => ("--max-blended-tokens", &args.max_blended_tokens),
        Quantity::RunTime => ("--max-run-time", &args.max_run_time),
        Quantity::Runs => ("--max-runs", &args.max_runs),
        Quantity::FailedRuns => ("--max-failed-runs", &args.max_failed_runs),
    };
    Some((flag, text.as_deref()?))
}

/// Where the limits come from, for the header.
fn policy(args: &CheckArgs, file: Option<&Path>, commit: Option<Commit>) -> Policy {
    let here = std::env::current_dir().ok();
    let near = |path: &Path| here.as_deref().and_then(|here| path.strip_prefix(here).ok()).unwrap_or(path).to_owned();
    Policy {
        path: file.map(|path| near(path).display().to_string()),
        is_changed: commit.as_ref().is_some_and(|commit| commit.is_changed),
        commit: commit.map(|commit| commit.id),
        baseline: args.baseline.baseline.as_ref().map(|path| path.display().to_string()),
    }
}

fn style(args: &CheckArgs) -> Style {
    let mut style = Style { again: again::all(), ..output::style(&args.output, args.color) };
    // GitLab's log is no terminal, and shows colours.
    let is_log = is_true("GITLAB_CI") && output::file(&args.output).is_none();
    style.color |= args.color == Color::Auto && is_log && output::allows_color();
    style
}

fn write(args: &CheckArgs, verdict: &Verdict, format: CheckFormat, style: &Style) -> anyhow::Result<()> {
    let written = |format: CheckFormat, style: &Style, out: &mut dyn Write| {
        Ok(render::check(verdict, format, style, groups(args, format, style), out)?)
    };
    for (format, path) in &args.export {
        let plain = Style::default();
        output::unless_closed(output::fill_file(path, |out| written(*format, &plain, out)))?;
    }
    if format == CheckFormat::Github {
        if let Some(mut summary) = appended("GITHUB_STEP_SUMMARY")? {
            let groups = if args.output.verbose { Groups::All } else { Groups::NotOk };
            render::check(verdict, CheckFormat::Markdown, style, groups, &mut summary)?;
        }
        if let Some(mut outputs) = appended("GITHUB_OUTPUT")? {
            outputs.write_all(render::step_outputs(verdict).as_bytes()).context("cannot write GITHUB_OUTPUT")?;
        }
    }
    output::write(&args.output, |out| written(format, style, out))
}

/// Which groups a format shows people: a terminal has little room, and so has a comment.
fn groups(args: &CheckArgs, format: CheckFormat, style: &Style) -> Groups {
    match format {
        _ if args.output.verbose => Groups::All,
        CheckFormat::Table if style.width.is_none() => Groups::NotOk,
        _ => Groups::Worst,
    }
}

/// How many groups of each state of a limit the formats name.
fn most_groups(args: &CheckArgs, format: CheckFormat, style: &Style) -> MostGroups {
    let plain = Style::default();
    let exports = args.export.iter().map(|(format, _)| (*format, &plain));
    let kept = exports.chain([(format, style)]).map(|(format, style)| match format {
        CheckFormat::Table | CheckFormat::Markdown => groups(args, format, style).kept(),
        // Its summary shows more than its annotations.
        CheckFormat::Github if !args.output.verbose => Groups::NotOk.kept(),
        CheckFormat::Github | CheckFormat::Json | CheckFormat::Junit | CheckFormat::Openmetrics => Groups::All.kept(),
    });
    let larger = |a: Option<usize>, b: Option<usize>| a.zip(b).map(|(a, b)| a.max(b));
    kept.reduce(|all, one| std::array::from_fn(|state| larger(all[state], one[state]))).unwrap_or(Groups::All.kept())
}

/// Tells the warnings that the output doesn't hold.
fn warn(args: &CheckArgs, verdict: &Verdict, format: CheckFormat) {
    match format {
        CheckFormat::Json => return,
        CheckFormat::Table if !args.output.quiet => return,
        _ => {}
    }
    output::warn(&verdict.told_warnings(), &args.output, &args.input);
}

/// The format that was asked for, else what the place expects.
fn format(args: &CheckArgs) -> anyhow::Result<CheckFormat> {
    let file = output::file(&args.output);
    Ok(match (args.format, output::suffix(file)) {
        _ if args.json => CheckFormat::Json,
        (Some(format), _) => format,
        (None, Some(suffix)) => CheckFormat::from_suffix(suffix)?,
        (None, None) if file.is_none() && is_true("GITHUB_ACTIONS") => CheckFormat::Github,
        (None, None) => CheckFormat::Table,
    })
}

fn is_true(variable: &str) -> bool {
    std::env::var_os(variable).is_some_and(|value| value == "true")
}

/// The file that an environment variable names, to add to.
fn appended(variable: &str) -> anyhow::Result<Option<File>> {
    let Some(path) = std::env::var_os(variable).filter(|path| !path.is_empty()) else { return Ok(None) };
    let file = OpenOptions::new().create(true).append(true).open(&path);
    file.map(Some).with_context(|| format!("cannot write {variable}, {}", Path::new(&path).display()))
}
