//! What an answer lacks, and the exit code for it.

use forge_usage::event::{Defect, Loss, Skip};
use forge_usage::fold::Settled;
use forge_usage::table::is_loss;

use super::args::{InputArgs, OutputArgs};
use super::exit::{FINE, NO_ANSWER, complain};

/// What the answer lacks.
#[derive(Debug, Default)]
pub(super) struct Losses {
    /// The worst of what was passed over.
    worst: Option<Loss>,
    /// Whether records could not be read.
    has_defects: bool,
}

impl Losses {
    /// Those of what was read.
    pub(super) fn of(settled: &Settled) -> Losses {
        Losses { worst: None, has_defects: is_loss(settled) }
    }

    /// Learns of something that was passed over. What is lost is told even to those who asked for quiet.
    pub(super) fn tell(&mut self, path: &str, skip: &Skip, output: &OutputArgs) {
        self.worst = self.worst.max(Some(skip.loss));
        if skip.is_loss() || output.verbose {
            complain(&format!("{path}: {}", skip.reason));
        }
    }

    /// Learns of a record that could not be read, or was refused.
    pub(super) fn learn(&mut self, defect: Defect) {
        self.has_defects |= defect.is_loss();
    }

    /// Whether some of what was found could not be read.
    pub(super) fn lacks_input(&self) -> bool {
        self.worst > Some(Loss::None)
    }

    /// The exit code of a question that was answered.
    pub(super) fn exit_code(&self, args: &InputArgs) -> u8 {
        let lacks_some = self.has_defects || self.lacks_input();
        let lacks_named = self.worst == Some(Loss::Named);
        if lacks_named || (args.strict && lacks_some) { NO_ANSWER } else { FINE }
    }
}
