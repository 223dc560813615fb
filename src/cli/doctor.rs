//! `doctor`: what was found, and what of it was not understood.

use forge_usage::parse::{Needs, Survey};
use forge_usage::pipeline::{self, Surveyed};
use forge_usage::render;
use forge_usage::table::{Cell, Examination, doctor, warnings};

use super::args::{DoctorArgs, PriceArgs};
use super::{input, output};

/// Looks at everything twice: once for names, once as a report does.
pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<u8> {
    let is_json = output::is_json(args.json, &args.output)?;
    let mut found = input::find(&args.input, &args.output)?;
    // What comes through a pipe is read twice, too.
    let _spooled = input::spool(&mut found)?;
    let surveyed = pipeline::survey(&found.sources, &input::everything(&args.input));
    let looked = found.looked.clone();
    let input = input::read_found(found, &args.input, &PriceArgs::default(), &args.output, Needs::ALL)?;
    let code = input.exit_code(&args.input);
    let Surveyed { formats, survey } = surveyed;
    let examination = Examination {
        looked,
        formats: doctor::listed(
            &doctor::FORMATS,
            formats.into_iter().map(|(name, sources)| {
                vec![text(name), sources.harness.map_or(Cell::Blank, text), count(sources.files), count(sources.bytes)]
            }),
        )?,
        versions: doctor::listed(
            &doctor::VERSIONS,
            survey
                .versions
                .iter()
                .map(|((harness, version), records)| vec![text(harness), text(version), count(*records)]),
        )?,
        unknown: doctor::listed(&doctor::UNKNOWN, unknown(&survey))?,
        left_out: survey.left_out,
        warnings: warnings(&input.settled),
        sources: input.sources,
    };
    output::write(&args.output, |out| Ok(render::examination(&examination, is_json, out)?))?;
    Ok(code)
}

fn unknown(survey: &Survey) -> Vec<Vec<Cell>> {
    let rows = survey.unknown.iter().map(|(unknown, times)| {
        let version = unknown.version.as_deref().map_or(Cell::Blank, text);
        vec![text(unknown.harness), version, text(unknown.what), text(&unknown.name), count(*times)]
    });
    rows.collect()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}

fn count(count: u64) -> Cell {
    Cell::Integer(i64::try_from(count).unwrap_or(i64::MAX))
}
