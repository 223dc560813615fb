//! Folders of forge loop ledgers.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use chrono::SecondsFormat;

use super::output::{self, Output, Usage};
use super::random::Random;
use super::text;
use super::{Clock, Counted, RunsByQuality, Totals};

/// Writes `ledgers` files of about `bytes` together into the folder, which is made if need be.
pub fn write_ledgers(folder: &Path, seed: u64, ledgers: u64, bytes: u64) -> io::Result<Totals> {
    fs::create_dir_all(folder)?;
    let mut random = Random::new(seed);
    let mut clock = Clock::new();
    let mut totals = Totals { runs_by_quality: Some(RunsByQuality::default()), ..Totals::default() };
    let mut written = 0;
    for number in 0..ledgers {
        let name = format!("loop-{number:04}");
        let file = File::create(folder.join(&name).with_extension("md"))?;
        // What one ledger has too much, the next ones have less.
        let share = (bytes * (number + 1) / ledgers).saturating_sub(written);
        let mut ledger =
            Ledger { out: Counted::new(BufWriter::new(file)), random: &mut random, clock: &mut clock, name };
        written += ledger.write(share, &mut totals)?;
    }
    Ok(totals)
}

struct Ledger<'a, W> {
    out: Counted<W>,
    random: &'a mut Random,
    clock: &'a mut Clock,
    name: String,
}

impl<W: Write> Ledger<'_, W> {
    /// Writes entries, two at least, until `bytes` are reached; returns how many bytes it took.
    fn write(&mut self, bytes: u64, totals: &mut Totals) -> io::Result<u64> {
        self.front_matter()?;
        self.entry(totals)?;
        self.entry(totals)?;
        while self.out.written < bytes {
            self.entry(totals)?;
        }
        self.out.flush()?;
        Ok(self.out.written)
    }

    fn front_matter(&mut self) -> io::Result<()> {
        let (id, name, now) = (self.random.uuid(), &self.name, seconds(*self.clock));
        writeln!(
            self.out,
            "---\nloop_id: {id}\nloop_name: {name}\nrepo_path: /srv/meadow\ncreated_at: {now}\n---\n\n\
             # Loop Ledger: {name}\n"
        )
    }

    fn entry(&mut self, totals: &mut Totals) -> io::Result<()> {
        self.clock.advance_ms(self.random.between(1_000, 300_000));
        self.clock.advance_to_second();
        let started = seconds(*self.clock);
        let run = output::one_run(self.random, self.clock)?;
        self.clock.advance_to_second();
        let finished = seconds(*self.clock);
        self.header(run.harness, &started, &finished)?;
        if !run.text.is_empty() {
            writeln!(self.out, "```\n{}\n```\n", run.text)?;
        }
        if self.random.one_in(3) {
            self.git_summary()?;
        }
        record(&run, totals);
        Ok(())
    }

    fn header(&mut self, harness: &str, started: &str, finished: &str) -> io::Result<()> {
        let (id, name) = (self.random.uuid(), &self.name);
        let profile = self.random.pick(&["meadow1", "meadow2", "harbour"]);
        writeln!(
            self.out,
            "## {finished}\n\n- run_id: {id}\n- loop_name: {name}\n- status: success\n\
             - profile: {profile}\n- harness: {harness}\n- auth_kind: {harness}\n\
             - prompt_source: base\n- prompt_override: false\n- started_at: {started}\n\
             - finished_at: {finished}\n- exit_code: 0\n"
        )
    }

    fn git_summary(&mut self) -> io::Result<()> {
        let (file, lines) = (text::file(self.random), self.random.between(1, 90));
        writeln!(self.out, "### Git Summary\n\n```\n {file} | {lines} +\n 1 file changed, {lines} insertions(+)\n```\n")
    }
}

fn record(run: &Output, totals: &mut Totals) {
    totals.runs += 1;
    let by_quality = totals.runs_by_quality.get_or_insert_default();
    match run.usage {
        Usage::Exact(tokens) => {
            by_quality.exact += 1;
            totals.add(tokens);
        }
        Usage::Blended(used) => {
            by_quality.blended += 1;
            totals.blended_tokens += used;
        }
        Usage::Unknown => by_quality.unknown += 1,
    }
}

fn seconds(clock: Clock) -> String {
    clock.format(SecondsFormat::Secs)
}
