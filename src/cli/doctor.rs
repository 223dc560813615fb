//! `doctor`: what was found, and what of it was not understood.

use forge_usage::event::Needs;
use forge_usage::pipeline::{self, Surveyed};
use forge_usage::render::{self, Format};
use forge_usage::table::{Examination, doctor, warnings};

use super::args::DoctorArgs;
use super::input::Request;
use super::output;
use super::spool::spool;

/// Looks at everything twice: once for names, once as a report does.
pub(super) fn run(args: &DoctorArgs) -> anyhow::Result<u8> {
    let format = output::format(args.json.then_some(Format::Json), &args.output)?;
    let request = Request { needs: Needs::ALL, ..Request::new(&args.input, &args.output) };
    let mut found = request.find()?;
    // What comes through pipes is read twice, too.
    let _spooled = spool(&mut found)?;
    let surveyed = pipeline::survey(&found.sources, &request.everything());
    let looked = found.looked.clone();
    let input = request.read_found(found)?;
    let code = input.exit_code(&args.input);
    let Surveyed { formats, survey } = surveyed;
    let versions = survey.versions.iter().map(|((harness, version), records)| (*harness, version.as_str(), *records));
    let unknown = survey
        .unknown
        .iter()
        .map(|(kind, times)| (kind.harness, kind.version.as_deref(), kind.what, kind.name.as_str(), *times));
    let examination = Examination {
        looked,
        formats: doctor::formats(formats.iter().map(|(name, found)| (*name, found.harness, found.files, found.bytes)))?,
        versions: doctor::versions(versions)?,
        unknown: doctor::unknown(unknown)?,
        left_out: survey.left_out,
        warnings: warnings(&input.settled),
        sources: input.sources,
    };
    output::write(&args.output, |out| Ok(render::examination(&examination, format, out)?))?;
    Ok(code)
}
