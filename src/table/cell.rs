//! One value of a table.

use std::cmp::Ordering;

use super::columns::Kind;
use crate::event::{MAX_COUNT, Time, Usd};

/// One value of a table.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Not known, or not applicable: see the column's `blank`.
    Blank,
    /// Text.
    Text(String),
    /// A count, a duration, an integer.
    Integer(i64),
    /// A share or a rate.
    Number(f64),
    /// Dollars.
    Usd(Usd),
    /// A point in time.
    Time(Time),
    /// Yes or no.
    Flag(bool),
}

impl Cell {
    /// Whether a column of this kind holds such cells.
    pub(super) fn fits(&self, kind: Kind) -> bool {
        match self {
            Cell::Blank => true,
            Cell::Text(_) => kind == Kind::Text,
            Cell::Integer(_) => {
                matches!(kind, Kind::Tokens | Kind::Count | Kind::Millis | Kind::Minutes | Kind::Integer)
            }
            Cell::Number(_) => matches!(kind, Kind::Percent | Kind::Rate),
            Cell::Usd(_) => matches!(kind, Kind::Usd | Kind::Price),
            Cell::Time(_) => kind == Kind::Time,
            Cell::Flag(_) => kind == Kind::Flag,
        }
    }

    /// The order of two cells of a column; blanks come last whichever way it is sorted.
    pub(super) fn compare(&self, other: &Cell, is_descending: bool) -> Ordering {
        let order = match (self, other) {
            (Cell::Blank, other) => return (*other != Cell::Blank).cmp(&false),
            (_, Cell::Blank) => return Ordering::Less,
            (Cell::Text(a), Cell::Text(b)) => a.cmp(b),
            (Cell::Integer(a), Cell::Integer(b)) => a.cmp(b),
            (Cell::Number(a), Cell::Number(b)) => a.total_cmp(b),
            (Cell::Usd(a), Cell::Usd(b)) => a.cmp(b),
            (Cell::Time(a), Cell::Time(b)) => a.cmp(b),
            (Cell::Flag(a), Cell::Flag(b)) => a.cmp(b),
            // A column holds cells of one kind.
            _ => Ordering::Equal,
        };
        if is_descending { order.reverse() } else { order }
    }

    /// Text, where there is some.
    pub fn text(text: Option<&str>) -> Cell {
        text.map_or(Cell::Blank, |text| Cell::Text(text.to_owned()))
    }

    /// A time, where it is known.
    pub fn time(time: Option<Time>) -> Cell {
        time.map_or(Cell::Blank, Cell::Time)
    }

    /// A whole number, where it is known.
    pub fn integer(value: Option<i64>) -> Cell {
        value.map_or(Cell::Blank, Cell::Integer)
    }

    /// How many.
    pub fn count(value: u64) -> Cell {
        Cell::Integer(value.min(MAX_COUNT) as i64)
    }

    /// Dollars, where they are known.
    pub fn usd(value: Option<Usd>) -> Cell {
        value.map_or(Cell::Blank, Cell::Usd)
    }

    /// Names, comma-separated.
    pub(super) fn list<'a>(names: impl Iterator<Item = &'a str>) -> Cell {
        let names: Vec<&str> = names.collect();
        if names.is_empty() { Cell::Blank } else { Cell::Text(names.join(",")) }
    }
}

#[cfg(test)]
mod tests {
    use super::Cell;

    #[test]
    fn blanks_come_last_whichever_way_cells_are_sorted() {
        let [a, b] = ["a", "b"].map(|text| Cell::Text(text.to_owned()));
        for (is_descending, expected) in [(false, [&a, &b, &Cell::Blank]), (true, [&b, &a, &Cell::Blank])] {
            let mut cells = [&Cell::Blank, &b, &a];
            cells.sort_by(|a, b| a.compare(b, is_descending));
            assert_eq!(cells, expected);
        }
        assert!([-1.5, 0.0, 2.0].map(Cell::Number).is_sorted_by(|a, b| a.compare(b, false).is_lt()));
    }
}
