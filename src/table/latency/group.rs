//! Times add up to groups.

use rustc_hash::FxHashSet;

use super::item::{Item, What};
use crate::event::{Id, MAX_COUNT};
use crate::fold::UsageRow;
use crate::table::cell::Cell;
use crate::table::timing::tokens_per_second;

/// Times of some calls, tools and runs. What is kept are the values themselves, so that percentiles are exact.
#[derive(Debug, Default)]
pub(super) struct Group {
    runs: FxHashSet<usize>,
    conversations: FxHashSet<Id>,
    calls: u64,
    ttft: Vec<i64>,
    request: Vec<i64>,
    streaming: Vec<i64>,
    stall: Vec<i64>,
    floors: u64,
    rate: Vec<f64>,
    tool: Vec<i64>,
    run: Vec<i64>,
    tool_calls: u64,
    failed_tools: u64,
    requests: u64,
    errors: u64,
    retries: u64,
}

fn whole(value: u64) -> i64 {
    value.min(MAX_COUNT) as i64
}

impl Group {
    pub(super) fn add(&mut self, item: &Item<'_>) {
        if item.owner.run.is_some() && self.runs.insert(item.row.owner) {
            self.run.extend(item.owner.duration_ms());
        }
        match item.what {
            What::Usage => return self.usage(&item.row),
            What::Request(request) => {
                self.requests += 1;
                self.request.extend(request.duration_ms.map(whole));
                self.errors += u64::from(request.failed);
                self.retries += u64::from(request.is_retry);
            }
            What::Failure => {
                self.requests += 1;
                self.errors += 1;
            }
            What::Tool(tool) => {
                self.tool_calls += 1;
                self.tool.extend(tool.duration_ms.map(whole));
                self.failed_tools += u64::from(tool.success == Some(false));
            }
        }
        self.conversations.extend(item.row.conversation.clone());
    }

    fn usage(&mut self, row: &UsageRow) {
        if row.usage.is_some() || row.blended_tokens.is_some() {
            self.conversations.extend(row.conversation.clone());
        }
        self.calls += u64::from(row.is_call());
        let Some(timing) = row.timing.as_deref() else { return };
        self.ttft.extend(timing.first_token.map(|first| whole(first.ms)));
        self.rate.extend(tokens_per_second(timing, row));
        if let Some(stream) = timing.stream {
            self.streaming.push(whole(stream.duration_ms));
            self.stall.extend(stream.longest_stall_ms.map(whole));
            self.floors += u64::from(stream.is_floor);
        }
    }

    /// The measures of [`super::latency_measures`], in their order.
    pub(super) fn cells(mut self) -> Vec<Cell> {
        let seen = |seen: u64, value: u64| if seen > 0 { Cell::count(value) } else { Cell::Blank };
        let mut cells = vec![
            Cell::count(self.runs.len() as u64),
            Cell::count(self.conversations.len() as u64),
            seen(self.calls, self.calls),
        ];
        for values in [&mut self.ttft, &mut self.request, &mut self.streaming, &mut self.stall] {
            values.sort_unstable();
            cells.extend(summary(values, Cell::Integer));
        }
        cells.push(Cell::count(self.floors));
        self.rate.sort_unstable_by(f64::total_cmp);
        cells.extend(summary(&self.rate, Cell::Number));
        for values in [&mut self.tool, &mut self.run] {
            values.sort_unstable();
            cells.extend(summary(values, Cell::Integer));
        }
        cells.extend([
            seen(self.tool_calls, self.tool_calls),
            seen(self.tool_calls, self.failed_tools),
            seen(self.requests, self.errors),
            seen(self.requests, self.retries),
        ]);
        cells
    }
}

/// How many values there are, their percentiles and the largest.
fn summary<T: Copy>(sorted: &[T], cell: fn(T) -> Cell) -> [Cell; 6] {
    let at = |percent| nearest_rank(sorted, percent).map_or(Cell::Blank, cell);
    [Cell::count(sorted.len() as u64), at(50), at(90), at(95), at(99), at(100)]
}

/// The smallest value that at least so many percent of all values do not exceed.
fn nearest_rank<T: Copy>(sorted: &[T], percent: usize) -> Option<T> {
    let rank = sorted.len().saturating_mul(percent).div_ceil(100);
    sorted.get(rank.checked_sub(1)?).copied()
}

#[cfg(test)]
mod tests {
    use super::nearest_rank;

    #[test]
    fn a_percentile_is_one_of_the_values() {
        let values = [15, 20, 35, 40, 50];
        assert_eq!([5, 30, 40, 50, 100].map(|percent| nearest_rank(&values, percent)), [15, 20, 20, 35, 50].map(Some));
        assert_eq!(nearest_rank(&[7], 50), Some(7));
        assert_eq!(nearest_rank::<i64>(&[], 99), None);
        let hundred: Vec<u32> = (1..=100).collect();
        assert_eq!(
            [50, 90, 95, 99, 100].map(|percent| nearest_rank(&hundred, percent)),
            [50, 90, 95, 99, 100].map(Some)
        );
    }
}
