//! Tables of a report, for a page and for Markdown.

use std::fmt::Write;

/// A table. Cells are text as HTML has it, which Markdown takes as well.
#[derive(Clone, Debug)]
pub(super) struct Table {
    /// Names of the columns.
    pub(super) head: Vec<String>,
    /// Rows, each led by its name.
    pub(super) rows: Vec<Vec<String>>,
}

impl Table {
    pub(super) fn html(&self) -> String {
        let mut html = "<table><tr>".to_owned();
        for name in &self.head {
            let _ = write!(html, "<th>{name}</th>");
        }
        html += "</tr>\n";
        for row in &self.rows {
            html += "<tr>";
            for (at, cell) in row.iter().enumerate() {
                let tag = if at == 0 { "th" } else { "td" };
                let _ = write!(html, "<{tag}>{cell}</{tag}>");
            }
            html += "</tr>\n";
        }
        html + "</table>\n"
    }

    pub(super) fn markdown(&self) -> String {
        let line = |cells: &[String]| {
            let cells: Vec<String> = cells.iter().map(|cell| cell.replace('|', "\\|")).collect();
            format!("| {} |\n", cells.join(" | "))
        };
        let rule = "|---".repeat(self.head.len()) + "|\n";
        let rows: String = self.rows.iter().map(|row| line(row)).collect();
        line(&self.head) + &rule + &rows
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_table_is_the_same_on_a_page_and_in_markdown() {
        let words = |list: [&str; 2]| list.map(str::to_owned).to_vec();
        let table = Table {
            head: words(["method", "a|b"]),
            rows: vec![words(["x", "1<br>2"])],
        };
        assert_eq!(
            table.html(),
            "<table><tr><th>method</th><th>a|b</th></tr>\n<tr><th>x</th><td>1<br>2</td></tr>\n</table>\n"
        );
        assert_eq!(
            table.markdown(),
            "| method | a\\|b |\n|---|---|\n| x | 1<br>2 |\n"
        );
    }
}
