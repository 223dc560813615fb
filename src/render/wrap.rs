//! Makes a screen of sentences fit its width: columns give way, then sentences go on in further lines.

use unicode_width::UnicodeWidthStr;

use super::fit;
use super::screen::Screen;

/// Cells that sentences take however narrow the screen is: a word.
const LEAST: usize = 10;

/// Makes `screen` at most `width` wide. `wanted` tells of each column how much its sentences want; `None` for a column
/// of names. Of the names the first stays, the rest gives way from the right until there is as much as is wanted.
pub(super) fn wrap(screen: &mut Screen, mut wanted: Vec<Option<usize>>, width: usize) {
    if fit::line(&fit::widths(screen)) <= width {
        return;
    }
    let (room, widths) = loop {
        let widths = fit::widths(screen);
        let names: Vec<usize> = (0..wanted.len()).filter(|at| wanted[*at].is_none()).collect();
        let gaps = fit::GAP * wanted.len().saturating_sub(1);
        let room = width.saturating_sub(names.iter().map(|at| widths[*at]).sum::<usize>() + gaps);
        match names[..] {
            [_, .., last] if room < wanted.iter().flatten().sum() => {
                fit::remove(screen, last);
                wanted.remove(last);
            }
            _ => break (room, widths),
        }
    };
    let sentences: Vec<(usize, usize)> = (0..wanted.len()).filter_map(|at| Some((at, wanted[at]?))).collect();
    for ((at, _), room) in sentences.iter().zip(shares(&sentences, &widths, room)) {
        for figure in screen.rows.iter_mut().chain(&mut screen.totals).filter_map(|row| row.get_mut(*at)) {
            figure.text = lines(&figure.text, room).join("\n");
        }
    }
}

/// What each column gets of `room`: as it wants, and what one has no need for goes to those before it.
fn shares(sentences: &[(usize, usize)], widths: &[usize], mut room: usize) -> Vec<usize> {
    let mut all: usize = sentences.iter().map(|(_, wanted)| wanted).sum();
    let mut shares = Vec::new();
    for (index, (at, wanted)) in sentences.iter().enumerate().rev() {
        let before: usize = sentences[..index].iter().map(|(at, _)| widths[*at]).sum();
        let share = (room * wanted).checked_div(all).unwrap_or(room).max(room.saturating_sub(before));
        let share = share.max(LEAST).min(widths[*at]);
        room = room.saturating_sub(share);
        all -= wanted;
        shares.push(share);
    }
    shares.reverse();
    shares
}

/// `text` in lines of at most `room` cells, cut between words; within one only where it is longer than a line.
fn lines(text: &str, room: usize) -> Vec<String> {
    let mut lines = vec![String::new()];
    for mut word in text.split_whitespace() {
        let line = lines.last_mut().filter(|line| line.is_empty() || line.width() + 1 + word.width() <= room);
        match line {
            Some(line) if line.is_empty() => {}
            Some(line) => line.push(' '),
            None => lines.push(String::new()),
        }
        while word.width() > room {
            let start = fit::taken(word.chars(), room);
            if start.is_empty() {
                break;
            }
            word = &word[start.len()..];
            lines.last_mut().into_iter().for_each(|line| line.push_str(&start));
            lines.push(String::new());
        }
        lines.last_mut().into_iter().for_each(|line| line.push_str(word));
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::{lines, shares};

    #[test]
    fn a_sentence_goes_on_with_a_word_and_never_with_a_blank() {
        assert_eq!(lines("how the run ended: success", 10), ["how the", "run ended:", "success"]);
        assert_eq!(lines("all its models, comma-separated", 15), ["all its models,", "comma-separated"]);
        assert_eq!(lines("", 10), [""]);
    }

    #[test]
    fn a_word_longer_than_a_line_is_cut_without_an_empty_line() {
        assert_eq!(lines("a input_tokens b", 5), ["a", "input", "_toke", "ns b"]);
        assert_eq!(lines("日本語", 1), ["日本語"]);
    }

    #[test]
    fn what_one_column_has_no_need_for_the_other_gets() {
        let wanted = [(1, 28), (2, 14)];
        assert_eq!(shares(&wanted, &[10, 90, 90], 60), [40, 20]);
        assert_eq!(shares(&wanted, &[10, 90, 9], 60), [51, 9]);
        assert_eq!(shares(&wanted, &[10, 20, 90], 60), [20, 40]);
    }
}
