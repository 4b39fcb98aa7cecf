//! Colours and dashes that tell lines apart, for people with any colour vision and in print.

use plotters::style::RGBColor;

/// Okabe & Ito 2008 without yellow, which is faint on white, and with black last.
const COLOURS: [RGBColor; 7] = [
    RGBColor(0, 114, 178),
    RGBColor(213, 94, 0),
    RGBColor(0, 158, 115),
    RGBColor(204, 121, 167),
    RGBColor(230, 159, 0),
    RGBColor(86, 180, 233),
    RGBColor(0, 0, 0),
];

/// Pixels of a dash and of the gap after it.
pub(super) type Dash = Option<(i32, i32)>;

/// Without gaps, and with two kinds of them.
const DASHES: [Dash; 3] = [None, Some((8, 5)), Some((2, 4))];

/// The look of the `index`-th line of a figure: after all colours come all of them dashed, then dotted, then again.
pub(super) fn look(index: usize) -> (RGBColor, Dash) {
    let colour = COLOURS[index % COLOURS.len()];
    (colour, DASHES[index / COLOURS.len() % DASHES.len()])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lightness as seen, from 0 to 100, of a colour (WCAG's relative luminance through CIE's L*).
    fn lightness(colour: RGBColor) -> f64 {
        let linear = |channel: u8| {
            let share = f64::from(channel) / 255.0;
            match share <= 0.04045 {
                true => share / 12.92,
                false => ((share + 0.055) / 1.055).powf(2.4),
            }
        };
        let y = 0.2126 * linear(colour.0) + 0.7152 * linear(colour.1) + 0.0722 * linear(colour.2);
        116.0 * y.cbrt() - 16.0
    }

    #[test]
    fn twenty_one_lines_look_different_and_stand_out_from_white() {
        let looks: std::collections::BTreeSet<_> = (0..21)
            .map(look)
            .map(|(c, dash)| ((c.0, c.1, c.2), dash))
            .collect();
        assert_eq!(looks.len(), 21);
        for index in 0..7 {
            let lightness = lightness(look(index).0);
            assert!(lightness < 75.0, "colour {index}: {lightness}");
        }
    }
}
