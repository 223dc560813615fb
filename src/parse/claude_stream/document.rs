//! One object or one array of records, over any number of lines.

use std::io::BufRead;

use super::meaning::understand;
use crate::event::Fact;
use crate::parse::claude::HARNESS;
use crate::parse::document::{self, Layout, Piece};
use crate::parse::format::FileName;
use crate::parse::mark::{Mark, MarkKind};

/// Reads objects and arrays of records to the end.
pub(super) fn read(_: FileName<'_>, input: &mut dyn BufRead, emit: &mut dyn FnMut(Mark)) -> std::io::Result<()> {
    let mut position = 0;
    document::read(input, Layout::Records, &mut |piece| {
        let mut marks = Vec::new();
        let mark = |kind| document::mark(position, HARNESS, kind);
        match piece {
            Piece::Record(json) => understand(json, &mark, &mut marks),
            Piece::Defect(defect, _) => marks.push(mark(MarkKind::Fact(Fact::Defect(defect)))),
            Piece::Member(..) | Piece::End => {}
        }
        marks.into_iter().for_each(&mut *emit);
        position += 1;
    })
}
