//! Makes a screen fit its width: the least important columns give way, then names are cut.

use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

use super::screen::{Screen, Worth};
use super::screen_column::ScreenColumn;

/// Cells between two columns.
pub(super) const GAP: usize = 2;

/// Longest name on a screen of limited width, however wide.
const LONGEST_NAME: usize = 40;

/// Longest list of profiles on such a screen.
const LONGEST_PROFILES: usize = 16;

/// Names must keep this much beside cost and coverage; with less, these give way too.
const LEAST_NAME: usize = 8;

/// The same in a plain table, where a name may be all that tells its row from the next.
const LEAST_KEY: usize = 16;

/// Makes `screen` at most `width` wide. Only with less than some three cells a dimension it stays wider, and a plain
/// table as wide as what tells its rows apart.
pub(super) fn fit(screen: &mut Screen, width: usize) {
    let is_plain = screen.headings.iter().any(|heading| heading.worth == Some(Worth::Key));
    let least_name = if is_plain { LEAST_KEY } else { LEAST_NAME };
    shorten(screen, LONGEST_NAME);
    while is_too_wide(screen, width) {
        let Some(column) = least_important(screen, Worth::Of(ScreenColumn::Exact)) else { break };
        remove(screen, column);
    }
    while is_too_wide(screen, width) && room_for_names(screen, width) < least_name {
        let Some(column) = least_important(screen, Worth::Key) else { break };
        remove(screen, column);
    }
    if is_too_wide(screen, width) {
        let room = room_for_names(screen, width).max(if is_plain { LEAST_KEY } else { 1 });
        shorten(screen, room);
    }
}

/// The width of every column.
pub(super) fn widths(screen: &Screen) -> Vec<usize> {
    let mut widths: Vec<usize> = screen.headings.iter().map(|heading| heading.title.width()).collect();
    for row in screen.rows.iter().chain(&screen.totals) {
        for (width, figure) in widths.iter_mut().zip(row) {
            *width = (*width).max(figure.text.width());
        }
    }
    widths
}

/// The width of a line of columns this wide.
pub(super) fn line(widths: &[usize]) -> usize {
    widths.iter().sum::<usize>() + GAP * widths.len().saturating_sub(1)
}

fn is_too_wide(screen: &Screen, width: usize) -> bool {
    line(&widths(screen)) > width
}

/// The column of the least important measure, if that is less important than `limit`.
fn least_important(screen: &Screen, limit: Worth) -> Option<usize> {
    let measures = screen.headings.iter().enumerate().filter_map(|(at, heading)| Some((heading.worth?, at)));
    measures.min().filter(|(worth, _)| *worth < limit).map(|(_, at)| at)
}

pub(super) fn remove(screen: &mut Screen, column: usize) {
    screen.headings.remove(column);
    for row in screen.rows.iter_mut().chain(&mut screen.totals) {
        row.remove(column);
    }
}

/// What each column of names may take beside the measures.
fn room_for_names(screen: &Screen, width: usize) -> usize {
    let columns = screen.headings.iter().zip(widths(screen));
    let fixed: Vec<usize> = columns.filter(|(heading, _)| heading.worth.is_some()).map(|(_, width)| width).collect();
    let names = screen.headings.len() - fixed.len();
    let gaps = GAP * screen.headings.len().saturating_sub(1);
    width.saturating_sub(fixed.iter().sum::<usize>() + gaps).checked_div(names).unwrap_or(0)
}

fn shorten(screen: &mut Screen, longest: usize) {
    let Screen { headings, rows, totals, .. } = screen;
    for (column, heading) in headings.iter_mut().enumerate() {
        let longest = match heading.worth {
            None => longest,
            Some(Worth::Of(ScreenColumn::Profiles)) => LONGEST_PROFILES,
            Some(_) => continue,
        };
        heading.title = cut(&heading.title, longest, 0);
        // Names differ at both ends; of a list its beginning is worth most.
        let tail = if heading.worth.is_none() { longest.saturating_sub(1) / 2 } else { 0 };
        for figure in rows.iter_mut().chain(&mut *totals).filter_map(|row| row.get_mut(column)) {
            figure.text = cut(&figure.text, longest, tail);
        }
    }
}

/// `text` in at most `longest` cells, `tail` of them for its end, with `…` where something was cut out.
pub(super) fn cut(text: &str, longest: usize, tail: usize) -> String {
    if text.width() <= longest {
        return text.to_owned();
    }
    let mut shown = taken(text.chars(), longest.saturating_sub(1 + tail));
    shown.push('…');
    shown.extend(taken(text.chars().rev(), tail).chars().rev());
    shown
}

/// The first characters that fit into `room` cells.
pub(super) fn taken(chars: impl Iterator<Item = char>, mut room: usize) -> String {
    chars
        .take_while(|c| {
            let width = c.width().unwrap_or(0);
            let fits = width <= room;
            room = room.saturating_sub(width);
            fits
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn a_name_is_cut_in_its_middle_and_never_within_a_character() {
        assert_eq!(cut("rust-core", 9, 4), "rust-core");
        assert_eq!(cut("rust-core-nightly", 9, 4), "rust…htly");
        assert_eq!(cut("日本語日本語", 8, 3), "日本…語");
        assert_eq!(cut("日本語", 1, 0), "…");
    }

    #[test]
    fn a_list_is_cut_at_its_end() {
        assert_eq!(cut("codex1,2,3,4,cc1,2", 16, 0), "codex1,2,3,4,cc…");
    }
}
