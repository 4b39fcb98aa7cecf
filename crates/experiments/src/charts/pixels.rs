//! A backend of plotters that draws smooth pixels: paths by tiny-skia, letters by the outlines of DejaVu Sans, which is in
//! the program, so a picture is the same on every machine.

use std::convert::Infallible;

use ab_glyph::{Font, FontRef, OutlineCurve, ScaleFont};
use anyhow::{Context, Result};
use plotters_backend::text_anchor::{HPos, VPos};
use plotters_backend::{
    BackendColor, BackendCoord, BackendStyle, BackendTextStyle, DrawingBackend, DrawingErrorKind,
    FontTransform,
};
use tiny_skia::{
    Color, FillRule, LineCap, LineJoin, Paint, Path, PathBuilder, Pixmap, Stroke, Transform,
};

/// Height of letters to the font's size, as in the SVG backend.
const LETTERS: f64 = 1.24;

/// A picture in the making.
pub(super) struct Pixels {
    picture: Pixmap,
    size: (u32, u32),
    sharpness: f32,
    font: FontRef<'static>,
}

type Drawn = Result<(), DrawingErrorKind<Infallible>>;

impl Pixels {
    /// For a figure of a size in its own pixels, with `sharpness` times as many in either direction.
    ///
    /// # Errors
    /// When there is no memory for so many.
    pub(super) fn new(size: (u32, u32), sharpness: f32) -> Result<Self> {
        let scaled = |length: u32| (length as f32 * sharpness) as u32;
        let picture = Pixmap::new(scaled(size.0), scaled(size.1));
        Ok(Self {
            picture: picture.context("a picture so large cannot be drawn")?,
            size,
            sharpness,
            font: FontRef::try_from_slice(dejavu::sans::regular())?,
        })
    }

    /// As a PNG file.
    ///
    /// # Errors
    /// When it cannot be encoded.
    pub(super) fn encoded(&self) -> Result<Vec<u8>> {
        Ok(self.picture.encode_png()?)
    }

    fn scale(&self) -> Transform {
        Transform::from_scale(self.sharpness, self.sharpness)
    }

    fn fill(&mut self, path: Option<Path>, colour: BackendColor, transform: Transform) {
        if let Some(path) = path {
            let paint = paint(colour);
            self.picture
                .fill_path(&path, &paint, FillRule::Winding, transform, None);
        }
    }

    fn stroke(&mut self, path: Option<Path>, style: &impl BackendStyle) {
        if let Some(path) = path {
            let stroke = Stroke {
                width: style.stroke_width() as f32,
                line_cap: LineCap::Butt,
                line_join: LineJoin::Round,
                ..Stroke::default()
            };
            let (paint, scale) = (paint(style.color()), self.scale());
            self.picture
                .stroke_path(&path, &paint, &stroke, scale, None);
        }
    }
}

fn paint(colour: BackendColor) -> Paint<'static> {
    let (red, green, blue) = colour.rgb;
    let alpha = (colour.alpha.clamp(0.0, 1.0) * 255.0).round() as u8;
    let mut paint = Paint::default();
    paint.set_color(Color::from_rgba8(red, green, blue, alpha));
    paint.anti_alias = true;
    paint
}

/// The middle of a pixel, where SVG has it too.
fn at(point: BackendCoord) -> (f32, f32) {
    (point.0 as f32, point.1 as f32)
}

fn path(points: impl IntoIterator<Item = BackendCoord>, close: bool) -> Option<Path> {
    let mut builder = PathBuilder::new();
    for point in points {
        let (x, y) = at(point);
        match builder.is_empty() {
            true => builder.move_to(x, y),
            false => builder.line_to(x, y),
        }
    }
    if close {
        builder.close();
    }
    builder.finish()
}

impl DrawingBackend for &mut Pixels {
    type ErrorType = Infallible;

    fn get_size(&self) -> (u32, u32) {
        self.size
    }

    fn ensure_prepared(&mut self) -> Drawn {
        Ok(())
    }

    fn present(&mut self) -> Drawn {
        Ok(())
    }

    fn draw_pixel(&mut self, point: BackendCoord, colour: BackendColor) -> Drawn {
        let (x, y) = point;
        let square = [(x, y), (x + 1, y), (x + 1, y + 1), (x, y + 1)];
        let scale = self.scale();
        self.fill(path(square, true), colour, scale);
        Ok(())
    }

    fn draw_line<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
    ) -> Drawn {
        self.stroke(path([from, to], false), style);
        Ok(())
    }

    fn draw_rect<S: BackendStyle>(
        &mut self,
        from: BackendCoord,
        to: BackendCoord,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let corners = [from, (to.0, from.1), to, (from.0, to.1)];
        let outline = path(corners, true);
        let scale = self.scale();
        match fill {
            true => self.fill(outline, style.color(), scale),
            false => self.stroke(outline, style),
        }
        Ok(())
    }

    fn draw_path<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        points: I,
        style: &S,
    ) -> Drawn {
        self.stroke(path(points, false), style);
        Ok(())
    }

    fn draw_circle<S: BackendStyle>(
        &mut self,
        centre: BackendCoord,
        radius: u32,
        style: &S,
        fill: bool,
    ) -> Drawn {
        let (x, y) = at(centre);
        let circle = PathBuilder::from_circle(x, y, radius as f32);
        let scale = self.scale();
        match fill {
            true => self.fill(circle, style.color(), scale),
            false => self.stroke(circle, style),
        }
        Ok(())
    }

    fn fill_polygon<S: BackendStyle, I: IntoIterator<Item = BackendCoord>>(
        &mut self,
        corners: I,
        style: &S,
    ) -> Drawn {
        let scale = self.scale();
        self.fill(path(corners, true), style.color(), scale);
        Ok(())
    }

    fn draw_text<S: BackendTextStyle>(
        &mut self,
        text: &str,
        style: &S,
        pos: BackendCoord,
    ) -> Drawn {
        let height = (style.size() / LETTERS) as f32;
        let Some(units) = self.font.units_per_em() else {
            return Ok(());
        };
        let (letters, width) = outline(&self.font, text, height / units);
        let anchor = style.anchor();
        let along = match anchor.h_pos {
            HPos::Left => 0.0,
            HPos::Center => -width / 2.0,
            HPos::Right => -width,
        };
        // Where the baseline is, as the SVG backend has it.
        let down = match anchor.v_pos {
            VPos::Top => 0.76,
            VPos::Center => 0.26,
            VPos::Bottom => -0.26,
        };
        let turn = match style.transform() {
            FontTransform::None => 0.0,
            FontTransform::Rotate90 => 90.0,
            FontTransform::Rotate180 => 180.0,
            FontTransform::Rotate270 => 270.0,
        };
        let (x, y) = at(pos);
        let transform = Transform::from_translate(along, down * height)
            .post_concat(Transform::from_rotate(turn))
            .post_translate(x, y)
            .post_concat(self.scale());
        self.fill(letters, style.color(), transform);
        Ok(())
    }
}

/// The outlines of a line of letters from (0, 0) to the right, and its length; `scale` is of the font's units.
fn outline(font: &FontRef, text: &str, scale: f32) -> (Option<Path>, f32) {
    let units = font.as_scaled(font.height_unscaled());
    let mut builder = PathBuilder::new();
    let mut x = 0.0;
    let mut last = None;
    for letter in text.chars() {
        let glyph = font.glyph_id(letter);
        if let Some(last) = last {
            x += units.kern(last, glyph) * scale;
        }
        let to = |point: ab_glyph::Point| (x + point.x * scale, -point.y * scale);
        let mut end = None;
        for curve in font.outline(glyph).into_iter().flat_map(|o| o.curves) {
            let (from, next) = match &curve {
                OutlineCurve::Line(from, to) => (*from, *to),
                OutlineCurve::Quad(from, _, to) => (*from, *to),
                OutlineCurve::Cubic(from, _, _, to) => (*from, *to),
            };
            if end != Some(from) {
                let (x, y) = to(from);
                builder.move_to(x, y);
            }
            let (x1, y1) = to(next);
            match &curve {
                OutlineCurve::Line(..) => builder.line_to(x1, y1),
                OutlineCurve::Quad(_, by, _) => {
                    let (x, y) = to(*by);
                    builder.quad_to(x, y, x1, y1);
                }
                OutlineCurve::Cubic(_, by, then, _) => {
                    let ((x, y), (x2, y2)) = (to(*by), to(*then));
                    builder.cubic_to(x, y, x2, y2, x1, y1);
                }
            }
            end = Some(next);
        }
        x += font.h_advance_unscaled(glyph) * scale;
        last = Some(glyph);
    }
    (builder.finish(), x)
}
