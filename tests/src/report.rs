//! The table of agreement with MuJoCo in the docs, made of what the tests measured.

use crate::Errors;
use crate::recording::Result;
use std::fmt::Write;

/// Environment variable that names the page to write the table to.
pub const PAGE: &str = "PARITY_TABLE";

/// A quantity, its errors, and what is allowed.
type Cell = (String, Errors, f64);

/// What was measured, task by task.
#[derive(Debug, Default)]
pub struct Report {
    rows: Vec<(String, Vec<Cell>)>,
    failures: Vec<String>,
}

impl Report {
    /// Begins the row of a task.
    pub fn begin(&mut self, task: &str) {
        self.rows.push((task.to_owned(), Vec::new()));
    }

    /// Adds what was measured of a quantity, and checks it.
    pub fn add(&mut self, quantity: &str, errors: Errors, allowed: f64) {
        let task = self.rows.last().map_or("", |(task, _)| task.as_str());
        if let Err(failure) = errors.check(&format!("{task} {quantity}"), allowed) {
            self.failures.push(failure);
        }
        if let Some((_, cells)) = self.rows.last_mut() {
            cells.push((quantity.to_owned(), errors, allowed));
        }
    }

    /// Notes what went wrong otherwise.
    pub fn fail(&mut self, failure: String) {
        self.failures.push(failure);
    }

    /// Writes the table between the page's markers of this name, if [`PAGE`] names one, and gives all failures.
    ///
    /// # Errors
    /// When something failed, or the page cannot be written.
    pub fn finish(self, name: &str) -> Result<()> {
        if let Some(page) = std::env::var_os(PAGE) {
            let place = page.display().to_string();
            let text = std::fs::read_to_string(&page).map_err(|e| format!("{place}: {e}"))?;
            let text = replace(&text, name, &self.table())
                .ok_or_else(|| format!("{place} has no markers for `{name}`"))?;
            std::fs::write(&page, text).map_err(|e| format!("{place}: {e}"))?;
        }
        if self.failures.is_empty() {
            Ok(())
        } else {
            Err(self.failures.join("\n"))
        }
    }

    /// One row per task and quantity.
    fn table(&self) -> String {
        let mut text = String::from(
            "| task | quantity | largest | 99 % | median | comparisons | allowed |\n|---|---|---|---|---|---|---|\n",
        );
        for (task, cells) in &self.rows {
            for (quantity, errors, allowed) in cells {
                let _ = writeln!(
                    text,
                    "| {task} | {quantity} | {:.0e} | {:.0e} | {:.0e} | {} | {allowed:.0e} |",
                    errors.worst().0,
                    errors.quantile(0.99),
                    errors.quantile(0.5),
                    errors.len(),
                );
            }
        }
        text
    }
}

/// The text with what stands between the markers of `name` replaced.
fn replace(text: &str, name: &str, table: &str) -> Option<String> {
    let (begin, end) = (
        format!("<!-- begin {name} -->\n"),
        format!("<!-- end {name} -->"),
    );
    let start = text.find(&begin)? + begin.len();
    let stop = start + text[start..].find(&end)?;
    Some(format!("{}\n{table}\n{}", &text[..start], &text[stop..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_part_between_the_markers_changes() {
        let page = "above\n<!-- begin x -->\nold\n<!-- end x -->\nbelow\n";
        let found = replace(page, "x", "| new |");
        let expected = "above\n<!-- begin x -->\n\n| new |\n<!-- end x -->\nbelow\n";
        assert_eq!(found.as_deref(), Some(expected));
        assert_eq!(replace(page, "y", ""), None);
    }
}
