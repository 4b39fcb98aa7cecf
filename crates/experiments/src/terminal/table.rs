//! Tables for people, and the same rows as JSON for scripts.

use std::time::Duration;

use serde_json::{Map, Value};

/// One entry of a row.
#[derive(Clone, Debug)]
pub enum Cell {
    /// A word.
    Text(String),
    /// A number and the decimals that people see; scripts get all of it.
    Number(f64, usize),
}

impl Cell {
    /// A word.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Text(text.into())
    }

    fn shown(&self) -> String {
        match self {
            Self::Text(text) => text.clone(),
            Self::Number(value, 0) => thousands(*value),
            Self::Number(value, decimals) => format!("{value:.decimals$}"),
        }
    }

    fn value(&self) -> Value {
        match self {
            Self::Text(text) => Value::from(text.as_str()),
            Self::Number(value, _) if !value.is_finite() => Value::Null,
            Self::Number(value, 0) => Value::from(value.round() as i64),
            Self::Number(value, _) => Value::from(*value),
        }
    }
}

/// Rows under named columns; the names are the keys of the JSON objects.
#[derive(Debug)]
pub struct Table {
    names: &'static [&'static str],
    rows: Vec<Vec<Cell>>,
}

impl Table {
    /// Without rows.
    #[must_use]
    pub fn new(names: &'static [&'static str]) -> Self {
        Self {
            names,
            rows: Vec::new(),
        }
    }

    /// Adds a row, one cell per column.
    pub fn push(&mut self, row: Vec<Cell>) {
        debug_assert_eq!(row.len(), self.names.len());
        self.rows.push(row);
    }

    /// One object per line.
    #[must_use]
    pub fn json(&self) -> String {
        let object = |row: &Vec<Cell>| {
            let pairs = self.names.iter().zip(row);
            let object: Map<String, Value> = pairs
                .map(|(name, cell)| ((*name).to_owned(), cell.value()))
                .collect();
            Value::Object(object).to_string()
        };
        let lines: Vec<String> = self.rows.iter().map(object).collect();
        lines.join("\n")
    }

    /// Aligned columns, words to the left and numbers to the right.
    #[must_use]
    pub fn text(&self) -> String {
        let shown: Vec<Vec<String>> = self
            .rows
            .iter()
            .map(|row| row.iter().map(Cell::shown).collect())
            .collect();
        let headings = self.names.iter().map(|name| name.replace('_', " "));
        let headings: Vec<String> = headings.collect();
        let width = |column: usize| {
            let cells = shown.iter().map(|row| row[column].chars().count());
            cells.chain([headings[column].chars().count()]).max()
        };
        let widths: Vec<usize> = (0..headings.len()).filter_map(width).collect();
        let is_text = |column: usize| {
            let first = self.rows.first().and_then(|row| row.get(column));
            matches!(first, Some(Cell::Text(_)))
        };
        let mut out = String::new();
        for line in std::iter::once(&headings).chain(&shown) {
            let mut text = String::new();
            for (column, cell) in line.iter().enumerate() {
                let gap = if column == 0 { "" } else { "  " };
                let width = widths[column];
                // By hand: a width in a format goes up to 65,535 only.
                let room = " ".repeat(width.saturating_sub(cell.chars().count()));
                let parts = match is_text(column) {
                    true => [gap, cell.as_str(), room.as_str()],
                    false => [gap, room.as_str(), cell.as_str()],
                };
                parts.iter().for_each(|part| text.push_str(part));
            }
            out.push_str(text.trim_end());
            out.push('\n');
        }
        out
    }
}

/// A whole number with a comma every three digits.
pub fn thousands(value: f64) -> String {
    if !value.is_finite() {
        return value.to_string();
    }
    let digits = format!("{:.0}", value.abs());
    let mut out = String::new();
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    if value.round() < 0.0 {
        format!("-{out}")
    } else {
        out
    }
}

/// A length of time as people say it.
#[must_use]
pub fn span(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, 0, seconds) => format!("{seconds} s"),
        (0, minutes, seconds) => format!("{minutes} min {seconds:02} s"),
        (hours, minutes, _) => format!("{hours} h {minutes:02} min"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn table() -> Table {
        let mut table = Table::new(&["task", "steps_per_s", "ratio"]);
        let cells = [("Hopper", 12345.0, 1.5), ("HalfCheetah", 9.0, 10.25)];
        for (task, rate, ratio) in cells {
            let row = vec![
                Cell::text(task),
                Cell::Number(rate, 0),
                Cell::Number(ratio, 1),
            ];
            table.push(row);
        }
        table
    }

    #[test]
    fn people_see_aligned_columns() {
        let expected = "\
task         steps per s  ratio
Hopper            12,345    1.5
HalfCheetah            9   10.2
";
        assert_eq!(table().text(), expected);
        // Wider than a width in a format can be.
        let mut wide = Table::new(&["task", "ratio"]);
        for task in ["x".repeat(70_000), "y".to_owned()] {
            wide.push(vec![Cell::text(task), Cell::Number(1.0, 1)]);
        }
        let lengths: Vec<usize> = wide.text().lines().map(str::len).collect();
        assert_eq!(lengths, [70_007, 70_007, 70_007]);
    }

    #[test]
    fn scripts_get_one_object_per_row() {
        let json = table().json();
        let rows: Vec<Value> = json
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        assert_eq!(rows[0]["steps_per_s"], 12345);
        assert_eq!(rows[1]["ratio"], 10.25);
    }

    #[test]
    fn commas_stand_every_three_digits() {
        let shown = [0.0, 999.4, 1000.0, -1234567.0, f64::NAN].map(thousands);
        assert_eq!(shown, ["0", "999", "1,000", "-1,234,567", "NaN"]);
    }

    #[test]
    fn spans_of_time_are_short() {
        let said = [7, 61, 3_600, 90_061].map(|seconds| span(Duration::from_secs(seconds)));
        assert_eq!(said, ["7 s", "1 min 01 s", "1 h 00 min", "25 h 01 min"]);
    }
}
