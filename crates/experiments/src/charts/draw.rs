//! A figure on any backend: as SVG, or as pixels.

use anyhow::{Result, anyhow, bail};
use plotters::coord::Shift;
use plotters::prelude::*;
use plotters::style::text_anchor::{HPos, Pos, VPos};

use super::figure::{Content, Figure, Line, Panel};
use super::palette::{Dash, look};
use super::pixels::Pixels;
use crate::terminal::table::thousands;

/// Width of a figure with several columns, and with one (pixels).
const WIDTHS: [u32; 2] = [1200, 900];
/// Height of a panel in several columns, and in one.
const HEIGHTS: [u32; 2] = [330, 460];
/// Height of a row of bars.
const BAR: u32 = 30;
/// Height of a title, and of a row of the legend.
const TITLE: u32 = 40;
const ROW: u32 = 26;
/// Of letters (pixels).
const LETTERS: f64 = 17.0;
/// Letters of a name in the legend, at most.
const NAME: usize = 60;
/// Width of a letter on the mean, as a share of its height.
const LETTER_WIDTH: f64 = 0.48;
/// What a legend shows of a line (pixels).
const SAMPLE: i32 = 26;
/// Points of a line, at most; more could not be told apart.
const POINTS: usize = 600;
/// A PNG has so many pixels for one of the SVG.
const SHARPNESS: f32 = 2.0;

type Fault<B> = DrawingAreaErrorKind<<B as DrawingBackend>::ErrorType>;

/// The figure as the text of an SVG file.
///
/// # Errors
/// When its values span more than can be drawn.
pub fn svg(figure: &Figure) -> Result<String> {
    let layout = Layout::of(figure)?;
    let mut picture = String::new();
    let area = SVGBackend::with_string(&mut picture, layout.size()).into_drawing_area();
    let drawn = draw_on(&area, figure, &layout).and_then(|()| area.present());
    drawn.map_err(|error| anyhow!("the picture cannot be drawn: {error}"))?;
    drop(area);
    Ok(picture)
}

/// The figure as the bytes of a PNG file, with two pixels for one of the SVG.
///
/// # Errors
/// As [`svg`].
pub fn png(figure: &Figure) -> Result<Vec<u8>> {
    let layout = Layout::of(figure)?;
    let mut pixels = Pixels::new(layout.size(), SHARPNESS)?;
    {
        let area = (&mut pixels).into_drawing_area();
        let drawn = draw_on(&area, figure, &layout).and_then(|()| area.present());
        drawn.map_err(|error| anyhow!("the picture cannot be drawn: {error}"))?;
    }
    pixels.encoded()
}

/// Where everything is.
struct Layout {
    width: u32,
    /// Height of the title, if any.
    title: u32,
    legend: Vec<Entry>,
    /// Height of the legend.
    legend_height: u32,
    columns: usize,
    rows: usize,
    panel: u32,
}

/// A name of the legend.
struct Entry {
    look: usize,
    x: i32,
    y: i32,
    name: String,
}

impl Layout {
    fn of(figure: &Figure) -> Result<Self> {
        for panel in &figure.panels {
            let [places, heights] = [panel.content.places(), panel.content.heights()];
            for (axis, values) in [(&panel.x, places), (&panel.y, heights)] {
                let span = axis.span(values.into_iter(), 0.05);
                if !(span[1] - span[0]).is_finite() {
                    bail!("{}: the values span more than can be drawn", panel.title);
                }
            }
        }
        let columns = figure.columns.clamp(1, figure.panels.len().max(1));
        let alone = usize::from(columns == 1);
        let bars = figure
            .panels
            .iter()
            .filter_map(|panel| match &panel.content {
                Content::Bars(bars) => Some(bars.len()),
                Content::Lines(_) => None,
            });
        let panel = match bars.max() {
            Some(bars) => u32::try_from(bars)? * BAR + 90,
            None => figure.height.unwrap_or(HEIGHTS[alone]),
        };
        let width = WIDTHS[alone];
        let title = if figure.title.is_empty() { 0 } else { TITLE };
        let mut legend = Vec::new();
        let (mut x, mut row) = (14, 0);
        let used = figure.looks();
        for (look, name) in figure.legend.iter().enumerate() {
            if !used.contains(&look) {
                continue;
            }
            let name = shortened(&shown(name));
            let length = name.chars().count() as f64 * LETTERS * LETTER_WIDTH;
            let length = SAMPLE + 8 + length as i32 + 22;
            if x > 14 && x + length > width as i32 {
                (x, row) = (14, row + 1);
            }
            let y = (title + row * ROW + ROW / 2 + 4) as i32;
            legend.push(Entry { look, x, y, name });
            x += length;
        }
        let legend_height = if legend.is_empty() {
            0
        } else {
            (row + 1) * ROW + 8
        };
        Ok(Self {
            width,
            title,
            legend,
            legend_height,
            columns,
            rows: figure.panels.len().div_ceil(columns).max(1),
            panel,
        })
    }

    fn size(&self) -> (u32, u32) {
        let panels = self.rows as u32 * self.panel;
        (self.width, self.title + self.legend_height + panels)
    }
}

fn draw_on<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    figure: &Figure,
    layout: &Layout,
) -> Result<(), Fault<B>> {
    area.fill(&WHITE)?;
    if layout.title > 0 {
        let style = letters(22.0).pos(Pos::new(HPos::Center, VPos::Center));
        let middle = (layout.width as i32 / 2, TITLE as i32 / 2);
        area.draw(&Text::new(shown(&figure.title), middle, style))?;
    }
    for Entry {
        look: at,
        x,
        y,
        name,
    } in &layout.legend
    {
        let (colour, dash) = look(*at);
        for part in dashes(*x, *x + SAMPLE, dash) {
            let line = [(part.0, *y), (part.1, *y)];
            area.draw(&PathElement::new(line, colour.stroke_width(3)))?;
        }
        let style = letters(LETTERS).pos(Pos::new(HPos::Left, VPos::Center));
        area.draw(&Text::new(name.clone(), (x + SAMPLE + 8, *y), style))?;
    }
    let top = layout.title + layout.legend_height;
    let (_, rest) = area.split_vertically(top);
    let places = rest.split_evenly((layout.rows, layout.columns));
    for (panel, place) in figure.panels.iter().zip(&places) {
        draw_panel(place, panel)?;
    }
    Ok(())
}

fn draw_panel<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    panel: &Panel,
) -> Result<(), Fault<B>> {
    let bars = matches!(panel.content, Content::Bars(_));
    let x = panel.x.span(
        panel.content.places().into_iter(),
        if bars { 0.08 } else { 0.0 },
    );
    let y = panel.y.span(
        panel.content.heights().into_iter(),
        if bars { 0.0 } else { 0.05 },
    );
    let named = |name: &str| !name.is_empty();
    let mut builder = ChartBuilder::on(area);
    builder
        .margin(8)
        .margin_right(30)
        .x_label_area_size(if named(&panel.x.name) { 46 } else { 26 })
        .y_label_area_size(match (bars, named(&panel.y.name)) {
            (true, _) => 8,
            (false, true) => 78,
            (false, false) => 60,
        });
    if !panel.title.is_empty() {
        builder.caption(shown(&panel.title), letters(19.0));
    }
    let mut chart = builder.build_cartesian_2d(x[0]..x[1], y[0]..y[1])?;
    let x_label = label(x, &panel.x.words, compact);
    let y_label = label(y, &panel.y.words, number);
    let mut mesh = chart.configure_mesh();
    mesh.x_desc(panel.x.name.as_str())
        .y_desc(panel.y.name.as_str())
        .axis_desc_style(letters(LETTERS))
        .x_label_formatter(&x_label)
        .y_label_formatter(&y_label)
        .label_style(letters(15.0))
        .x_labels(match panel.x.words.len() {
            0 => 5,
            words => 4 * words,
        })
        .y_labels(if bars { 0 } else { 6 })
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12));
    if bars {
        mesh.disable_y_mesh();
    }
    mesh.draw()?;
    match &panel.content {
        Content::Lines(lines) => {
            for line in lines {
                draw_line(&mut chart, line)?;
            }
        }
        Content::Bars(bars) => {
            for (at, (index, [low, value, high])) in bars.iter().enumerate() {
                let (colour, _) = look(*index);
                let middle = (bars.len() - at) as f64 - 0.5;
                let [below, above] = [middle - 0.32, middle + 0.32];
                let bar = [(*low, below), (*high, above)];
                let mark =
                    PathElement::new([(*value, below), (*value, above)], BLACK.stroke_width(3));
                chart.draw_series([Rectangle::new(bar, colour.mix(0.6).filled())])?;
                chart.draw_series([mark])?;
            }
        }
    }
    Ok(())
}

type Chart<'a, B> = ChartContext<
    'a,
    B,
    Cartesian2d<plotters::coord::types::RangedCoordf64, plotters::coord::types::RangedCoordf64>,
>;

fn draw_line<B: DrawingBackend>(chart: &mut Chart<B>, line: &Line) -> Result<(), Fault<B>> {
    let (colour, dash) = look(line.look);
    let band = thinned(&line.band);
    if band.len() > 1 {
        let upper = band.iter().map(|(place, _, high)| (*place, *high));
        let lower = band.iter().rev().map(|(place, low, _)| (*place, *low));
        let outline: Vec<(f64, f64)> = upper.chain(lower).collect();
        chart.draw_series([Polygon::new(outline, colour.mix(0.18).filled())])?;
    }
    let points = thinned(&line.points);
    let style = colour.stroke_width(2);
    if points.len() == 1 {
        chart.draw_series(
            points
                .iter()
                .map(|point| Circle::new(*point, 4, colour.filled())),
        )?;
    }
    match dash {
        None => chart.draw_series(LineSeries::new(points, style))?,
        Some((long, gap)) => chart.draw_series(DashedLineSeries::new(points, long, gap, style))?,
    };
    Ok(())
}

/// Letters of a height in pixels.
fn letters(height: f64) -> TextStyle<'static> {
    ("sans-serif", height).into_font().color(&BLACK.mix(0.85))
}

/// Pieces of a dashed line from one place to another.
fn dashes(from: i32, to: i32, dash: Dash) -> Vec<(i32, i32)> {
    match dash {
        None => vec![(from, to)],
        Some((long, gap)) => {
            let starts = (from..to).step_by(usize::try_from(long + gap).unwrap_or(1).max(1));
            starts.map(|at| (at, (at + long).min(to))).collect()
        }
    }
}

/// Words without control characters, which no picture may hold.
fn shown(words: &str) -> String {
    words.replace(char::is_control, " ")
}

/// A name of at most [`NAME`] letters, without its middle where it is longer.
fn shortened(name: &str) -> String {
    let letters: Vec<char> = name.chars().collect();
    if letters.len() <= NAME {
        return name.to_owned();
    }
    let half = NAME / 2 - 1;
    let ends = [&letters[..half], &letters[letters.len() - half..]];
    ends.map(|end| end.iter().collect::<String>()).join("…")
}

/// Every n-th point, and the last.
fn thinned<T: Copy>(points: &[T]) -> Vec<T> {
    let every = points.len().div_ceil(POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate();
    kept.filter(|(at, _)| at % every == 0 || *at == last)
        .map(|(_, point)| *point)
        .collect()
}

/// What stands at a place of an axis: its word, or a number as fine as the range needs.
fn label(
    range: [f64; 2],
    words: &[(f64, String)],
    number: fn(f64, f64) -> String,
) -> impl Fn(&f64) -> String {
    let width = range[1] - range[0];
    let words = words.to_vec();
    move |value| {
        if !words.is_empty() {
            let near = words.iter().find(|(place, _)| (place - value).abs() < 1e-6);
            return near.map_or_else(String::new, |(_, word)| word.clone());
        }
        number(*value, width)
    }
}

/// A number on an axis of a width, with k for thousands and M for millions where the axis is that wide.
fn compact(value: f64, width: f64) -> String {
    let (unit, letter) = match width {
        2e6.. => (1e6, "M"),
        1e4.. => (1e3, "k"),
        _ => return number(value, width),
    };
    let said = number(value / unit, width / unit);
    match said.as_str() {
        "0" => said,
        _ => said + letter,
    }
}

/// A number on an axis of a width.
fn number(value: f64, width: f64) -> String {
    if value.abs() < 1e-9 * width {
        return "0".to_owned();
    }
    match width {
        _ if value.abs() >= 1e15 || width < 1e-4 => format!("{value:.1e}"),
        20.0.. => thousands(value),
        2.0.. => format!("{value:.1}").trim_end_matches(".0").to_owned(),
        0.2.. => format!("{value:.2}"),
        0.02.. => format!("{value:.3}"),
        _ => format!("{value:.5}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::charts::figure::Axis;

    fn figure(labels: &[&str], points: &[(f64, f64)]) -> Figure {
        let line = |look| Line {
            look,
            points: points.to_vec(),
            band: points.iter().map(|(x, y)| (*x, y - 1.0, y + 1.0)).collect(),
        };
        Figure {
            title: "HalfCheetah-v5".to_owned(),
            legend: labels.iter().map(|&label| label.to_owned()).collect(),
            panels: vec![Panel {
                title: "a\u{1}\nb<c".to_owned(),
                x: Axis::from_zero("control steps"),
                y: Axis::from_zero("return"),
                content: Content::Lines((0..labels.len()).map(line).collect()),
            }],
            columns: 3,
            height: None,
        }
    }

    const POINTS_OF_A_RUN: [(f64, f64); 3] = [(0.0, 1.0), (5e3, 100.0), (1e4, 2500.0)];

    #[test]
    fn the_picture_names_every_line_and_axis() {
        let svg = svg(&figure(&["rlx2", "dense"], &POINTS_OF_A_RUN)).unwrap();
        for text in [
            "<svg",
            "</svg>",
            "rlx2",
            "dense",
            "HalfCheetah-v5",
            "10k",
            "control steps",
            "a  b&lt;c",
        ] {
            assert!(svg.contains(text), "{text}");
        }
    }

    /// The library would look for places on the axes for ever.
    #[test]
    fn what_spans_too_much_is_refused() {
        let wide = figure(&["a"], &[(1.0, -1e308), (2.0, 1e308)]);
        assert!(svg(&wide).is_err() && png(&wide).is_err());
    }

    /// The legend is above all panels, and its names do not lie over each other or leave the picture.
    #[test]
    fn the_legend_lies_outside_the_curves() {
        let names: Vec<String> = (0..9)
            .map(|at| format!("rlx2-td3, topology.every={at}000"))
            .collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let figure = figure(&names, &POINTS_OF_A_RUN);
        let layout = Layout::of(&figure).unwrap();
        let top = (layout.title + layout.legend_height) as i32;
        for (at, Entry { x, y, name, .. }) in layout.legend.iter().enumerate() {
            let width = SAMPLE + 8 + (name.len() as f64 * LETTERS * LETTER_WIDTH) as i32;
            assert!(*y + ROW as i32 / 2 <= top && x + width <= layout.width as i32);
            let next = layout.legend.get(at + 1).filter(|next| next.y == *y);
            assert!(next.is_none_or(|next| next.x >= x + width));
        }
    }

    #[test]
    fn a_png_is_twice_as_fine_and_has_ink() {
        let figure = figure(&["rlx2"], &POINTS_OF_A_RUN);
        let bytes = png(&figure).unwrap();
        let picture = tiny_skia::Pixmap::decode_png(&bytes).unwrap();
        let (width, height) = Layout::of(&figure).unwrap().size();
        assert_eq!((picture.width(), picture.height()), (2 * width, 2 * height));
        let blue = picture
            .pixels()
            .iter()
            .filter(|p| (p.red(), p.blue()) == (0, 178));
        assert!(blue.count() > 500, "the line is drawn");
        let dark = picture
            .pixels()
            .iter()
            .filter(|p| p.red() < 90 && p.blue() < 90);
        assert!(dark.count() > 2_000, "letters are drawn");
    }

    #[test]
    fn numbers_are_as_fine_as_their_axis() {
        let on = |value, width| number(value, width);
        assert_eq!(on(10_000.0, 1e5), "10,000");
        assert_eq!(compact(10_000.0, 1e5), "10k");
        assert_eq!(compact(500.0, 6e3), "500");
        assert_eq!(compact(2_500_000.0, 3e6), "2.5M");
        assert_eq!(compact(0.0, 3e6), "0");
        assert_eq!(on(2.5, 5.0), "2.5");
        assert_eq!(on(2.0, 5.0), "2");
        assert_eq!(on(0.25, 1.0), "0.25");
        assert_eq!(on(1e-18, 1.0), "0");
        assert_eq!(shortened(&"x".repeat(99)).chars().count(), 59);
    }

    #[test]
    fn long_lines_keep_their_ends() {
        let points: Vec<usize> = (0..5000).collect();
        let kept = thinned(&points);
        assert!(kept.len() <= POINTS + 1 && kept[0] == 0 && kept[kept.len() - 1] == 4999);
    }
}
