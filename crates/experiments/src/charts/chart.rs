//! Curves as an SVG picture.

use anyhow::{Result, anyhow, bail};
use plotters::coord::Shift;
use plotters::prelude::*;

use crate::terminal::table::thousands;

/// Width and height (pixels).
const SIZE: (u32, u32) = (900, 480);

/// Colours that most people can tell apart (Okabe & Ito 2008).
const COLOURS: [RGBColor; 6] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
];

/// One run in the picture.
pub(crate) struct Curve {
    /// What the legend calls it.
    pub(crate) label: String,
    /// Along the axes.
    pub(crate) points: Vec<(f64, f64)>,
}

/// What stands beside the curves.
pub(crate) struct Axes<'a> {
    pub(crate) title: &'a str,
    pub(crate) x: &'a str,
    pub(crate) y: &'a str,
    /// What stands at a place of the first axis.
    pub(crate) x_label: &'a dyn Fn(f64) -> String,
    /// How many places have words, about.
    pub(crate) x_labels: usize,
}

impl<'a> Axes<'a> {
    /// Of learning curves: mean returns by control steps.
    pub(crate) fn learning(title: &'a str) -> Self {
        Self {
            title,
            x: "control steps",
            y: "mean return of an evaluation",
            x_label: &|steps| thousands(steps),
            x_labels: 6,
        }
    }
}

/// The curves as the text of an SVG file.
///
/// # Errors
/// When they cannot be drawn.
pub(crate) fn draw(axes: &Axes, curves: &[Curve]) -> Result<String> {
    let (places, heights) = ranges(curves);
    if ![places, heights]
        .iter()
        .all(|range| (range.end - range.start).is_finite())
    {
        bail!("the curves span more than can be drawn");
    }
    let mut picture = String::new();
    let area = SVGBackend::with_string(&mut picture, SIZE).into_drawing_area();
    let drawn = draw_on(&area, axes, curves).and_then(|()| area.present());
    drawn.map_err(|error| anyhow!("the picture cannot be drawn: {error}"))?;
    drop(area);
    Ok(picture)
}

fn draw_on<B: DrawingBackend>(
    area: &DrawingArea<B, Shift>,
    axes: &Axes,
    curves: &[Curve],
) -> Result<(), DrawingAreaErrorKind<B::ErrorType>> {
    area.fill(&WHITE)?;
    let (steps, returns) = ranges(curves);
    let mut chart = ChartBuilder::on(area)
        .caption(shown(axes.title), ("sans-serif", 26))
        .margin(14)
        .margin_right(40)
        .x_label_area_size(52)
        .y_label_area_size(84)
        .build_cartesian_2d(steps, returns)?;
    chart
        .configure_mesh()
        .x_desc(axes.x)
        .y_desc(axes.y)
        .x_label_formatter(&|place| (axes.x_label)(*place))
        .y_label_formatter(&|value| thousands(*value))
        .label_style(("sans-serif", 18))
        .x_labels(axes.x_labels)
        .light_line_style(TRANSPARENT)
        .bold_line_style(BLACK.mix(0.12))
        .draw()?;
    for (curve, colour) in curves.iter().zip(COLOURS.iter().cycle()) {
        let style = colour.stroke_width(2);
        chart
            .draw_series(LineSeries::new(curve.points.iter().copied(), style))?
            .label(shown(&curve.label))
            .legend(move |(x, y)| PathElement::new([(x, y), (x + 22, y)], style));
    }
    chart
        .configure_series_labels()
        .position(SeriesLabelPosition::LowerRight)
        .label_font(("sans-serif", 19))
        .background_style(WHITE.mix(0.85))
        .border_style(BLACK.mix(0.3))
        .draw()
}

/// Words without control characters, which no picture may hold.
fn shown(words: &str) -> String {
    words.replace(char::is_control, " ")
}

/// Ranges of the axes: all points, from zero where nothing is below it.
fn ranges(curves: &[Curve]) -> (std::ops::Range<f64>, std::ops::Range<f64>) {
    let points = || curves.iter().flat_map(|curve| &curve.points);
    let last = points().map(|point| point.0).fold(1.0, f64::max);
    let low = points().map(|point| point.1).fold(0.0, f64::min);
    let high = points().map(|point| point.1).fold(1.0, f64::max);
    (0.0..last, low..(high + 0.05 * (high - low)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_axes_span_all_points() {
        let curve = |points: &[(f64, f64)]| Curve {
            label: String::new(),
            points: points.to_vec(),
        };
        let curves = [curve(&[(5e3, -200.0)]), curve(&[(1e4, 800.0)])];
        assert_eq!(ranges(&curves), (0.0..1e4, -200.0..850.0));
        assert_eq!(ranges(&[]).0, 0.0..1.0);
    }

    /// The library would look for places on the axes for ever.
    #[test]
    fn what_spans_too_much_is_refused() {
        let curve = Curve {
            label: String::new(),
            points: vec![(1.0, -1e308), (2.0, 1e308)],
        };
        assert!(draw(&Axes::learning("a"), &[curve]).is_err());
    }

    #[test]
    fn control_characters_are_blanks() {
        let svg = draw(&Axes::learning("a\u{1}\nb<c"), &[]).unwrap();
        assert!(svg.contains("a  b&lt;c"), "{svg}");
    }

    #[test]
    fn the_picture_names_every_run() {
        let curves = ["rlx2", "dense"].map(|label| Curve {
            label: label.to_owned(),
            points: vec![(0.0, 1.0), (5e3, 100.0), (1e4, 2500.0)],
        });
        let svg = draw(&Axes::learning("HalfCheetah-v5"), &curves).unwrap();
        for text in [
            "<svg",
            "</svg>",
            "rlx2",
            "dense",
            "HalfCheetah-v5",
            "10,000",
        ] {
            assert!(svg.contains(text), "{text}");
        }
    }
}
