//! Reads what the arguments name, and weighs it.

use std::path::Path;

use forge_usage::event::Needs;
use forge_usage::fold::{Settled, settle_with};
use forge_usage::pipeline::{self, Options};
use forge_usage::price::Prices;
use forge_usage::table::{PriceOptions, Sources, price};

use super::args::{InputArgs, OutputArgs};
use super::find::{Found, find};
use super::losses::Losses;
use super::{clock, output, progress};

/// What is to be read, and what for.
pub(super) struct Request<'a> {
    pub(super) args: &'a InputArgs,
    pub(super) output: &'a OutputArgs,
    /// The file that will be written.
    pub(super) target: Option<&'a Path>,
    /// How it is priced.
    pub(super) priced: PriceOptions,
    /// Which facts to look for.
    pub(super) needs: Needs,
}

/// What was read, weighed.
pub(super) struct Input {
    pub(super) settled: Settled,
    pub(super) sources: Sources,
    /// What it was priced with.
    pub(super) prices: Prices,
    pub(super) priced: PriceOptions,
    losses: Losses,
}

impl<'a> Request<'a> {
    /// What reports are made of, at the usual prices, for the file that was asked for.
    pub(super) fn new(args: &'a InputArgs, output: &'a OutputArgs) -> Request<'a> {
        let target = output::file(output);
        Request { args, output, target, priced: PriceOptions::default(), needs: Needs::USAGE }
    }

    /// Finds what is to be read.
    pub(super) fn find(&self) -> anyhow::Result<Found> {
        find(self.args, self.target)
    }

    /// Finds it and reads it.
    pub(super) fn read(&self) -> anyhow::Result<Input> {
        self.read_found(self.find()?)
    }

    /// Reads what was found. Complains on standard error about what could not be read, unless told not to.
    pub(super) fn read_found(&self, mut found: Found) -> anyhow::Result<Input> {
        let prices = Prices::new(&found.config)?;
        let options = Options { needs: self.needs, ..self.everything() };
        let shown = progress::show(&found.sources, &options.progress, self.output);
        let outcome = pipeline::read(std::mem::take(&mut found.sources), &options);
        drop(shown);
        let mut settled = settle_with(outcome.facts, &|profile, source| found.profiles.may_live_in(profile, source));
        settled.assume_models(|profile| found.profiles.model(profile));
        if !found.asks_sessions {
            settled.miss_logs(pipeline::has_sessions);
        }
        settled.tell_billing(|profile| found.profiles.billing(profile));
        price(&mut settled, &prices, &self.priced);
        let mut losses = Losses::of(&settled);
        for skipped in &outcome.skipped {
            losses.tell(&skipped.path, &skipped.skip, self.output);
        }
        found.expect_some(outcome.files, outcome.skipped.len(), self.args, self.output)?;
        let sources = Sources { files: outcome.files, bytes: outcome.bytes, skipped: outcome.skipped };
        Ok(Input { settled, sources, prices, priced: self.priced.clone(), losses })
    }

    /// Options that leave nothing out.
    pub(super) fn everything(&self) -> Options {
        Options { needs: Needs::ALL, host: self.args.host.clone(), ..Options::at(clock::now()) }
    }
}

impl Input {
    /// The exit code of a question that was answered.
    pub(super) fn exit_code(&self, args: &InputArgs) -> u8 {
        self.losses.exit_code(args)
    }

    /// Whether some of what was found could not be read.
    pub(super) fn lacks_input(&self) -> bool {
        self.losses.lacks_input()
    }
}
