//! Pixels: drawn, written on, put side by side, saved.

use super::camera::Camera;
use super::shade::Scene;
use crate::dynamics::{Model, State};
use crate::{Error, Result};
use font8x8::UnicodeFonts;
use glam::Vec3;
#[cfg(feature = "parallel")]
use rayon::prelude::*;

/// Rays per pixel, by row and by column.
const RAYS: usize = 2;
/// Pixels of a letter before it is scaled.
const LETTER: usize = 8;

/// A picture: rows from the top, three bytes (red, green, blue) a pixel.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Picture {
    width: usize,
    height: usize,
    rgb: Vec<u8>,
}

impl Picture {
    /// A black picture of this many pixels.
    #[must_use]
    pub fn new(width: usize, height: usize) -> Self {
        Self {
            width,
            height,
            rgb: vec![0; 3 * width * height],
        }
    }

    /// Number of columns.
    #[must_use]
    pub fn width(&self) -> usize {
        self.width
    }

    /// Number of rows.
    #[must_use]
    pub fn height(&self) -> usize {
        self.height
    }

    /// All pixels.
    #[must_use]
    pub fn rgb(&self) -> &[u8] {
        &self.rgb
    }

    /// The pixel of a column and a row, from the left and the top.
    ///
    /// # Panics
    /// Outside the picture.
    #[must_use]
    pub fn pixel(&self, column: usize, row: usize) -> [u8; 3] {
        let at = 3 * (row * self.width + column);
        [self.rgb[at], self.rgb[at + 1], self.rgb[at + 2]]
    }

    /// Draws a state, with the points of contact that act.
    pub fn draw(&mut self, model: &Model, state: &State, camera: &Camera) {
        let scene = Scene::new(model, state, camera.distance, camera.target);
        let view = camera.view();
        let (width, height) = (self.width, self.height);
        let line = |(row, pixels): (usize, &mut [u8])| {
            for (column, pixel) in pixels.chunks_exact_mut(3).enumerate() {
                let mut sum = Vec3::ZERO;
                for ray in 0..RAYS * RAYS {
                    let inside = |i: usize| (i as f64 + 0.5) / RAYS as f64;
                    let x = column as f64 + inside(ray % RAYS) - 0.5 * width as f64;
                    let y = row as f64 + inside(ray / RAYS) - 0.5 * height as f64;
                    let direction = view.through(x / height as f64, -y / height as f64);
                    sum += scene.colour(view.eye, direction);
                }
                let mean = sum / (RAYS * RAYS) as f32 * 255.0;
                for (byte, value) in pixel.iter_mut().zip(mean.to_array()) {
                    *byte = value.clamp(0.0, 255.0) as u8;
                }
            }
        };
        let bytes = 3 * width.max(1);
        #[cfg(feature = "parallel")]
        self.rgb
            .par_chunks_exact_mut(bytes)
            .enumerate()
            .for_each(line);
        #[cfg(not(feature = "parallel"))]
        self.rgb.chunks_exact_mut(bytes).enumerate().for_each(line);
    }

    /// Writes a line of text, dark on a light ground, its upper left corner at a column and a row; what does not fit
    /// is left out. Letters are `8 scale` pixels high.
    pub fn write(&mut self, column: usize, row: usize, scale: usize, text: &str) {
        for (i, letter) in text.chars().enumerate() {
            let rows = font8x8::BASIC_FONTS.get(letter).unwrap_or([0; LETTER]);
            for y in 0..LETTER * scale {
                for x in 0..LETTER * scale {
                    let (at, down) = (column + i * LETTER * scale + x, row + y);
                    if at >= self.width || down >= self.height {
                        continue;
                    }
                    let ink = rows[y / scale] >> (x / scale) & 1 == 1;
                    let start = 3 * (down * self.width + at);
                    for byte in &mut self.rgb[start..start + 3] {
                        *byte = if ink { 24 } else { byte.midpoint(255) };
                    }
                }
            }
        }
    }

    /// This picture with another of the same height to the right.
    #[must_use]
    pub fn beside(&self, right: &Self) -> Self {
        let height = self.height.min(right.height);
        let mut both = Self::new(self.width + right.width, height);
        for row in 0..height {
            let target = &mut both.rgb[3 * row * (self.width + right.width)..];
            target[..3 * self.width]
                .copy_from_slice(&self.rgb[3 * row * self.width..][..3 * self.width]);
            target[3 * self.width..][..3 * right.width]
                .copy_from_slice(&right.rgb[3 * row * right.width..][..3 * right.width]);
        }
        both
    }

    /// The bytes of a PNG file.
    ///
    /// # Errors
    /// [`Error::Picture`] when the picture is empty or too large for the format.
    pub fn to_png(&self) -> Result<Vec<u8>> {
        let failed = |error: &dyn std::fmt::Display| Error::Picture(error.to_string());
        let size = |n: usize| u32::try_from(n).map_err(|error| failed(&error));
        let mut bytes = Vec::new();
        let mut encoder = png::Encoder::new(&mut bytes, size(self.width)?, size(self.height)?);
        encoder.set_color(png::ColorType::Rgb);
        let mut writer = encoder.write_header().map_err(|error| failed(&error))?;
        writer
            .write_image_data(&self.rgb)
            .map_err(|error| failed(&error))?;
        drop(writer);
        Ok(bytes)
    }
}
