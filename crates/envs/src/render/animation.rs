//! Pictures in a row, as an animated GIF.

use super::picture::Picture;
use crate::{Error, Result};
use std::io::Write;

/// How coarsely colours are chosen, 1 (finest) to 30.
const SPEED: i32 = 12;

/// Writes an endlessly repeating GIF, frame by frame. It is complete after [`finish`](Self::finish); without it,
/// dropping this writes the end of the file and ignores errors.
pub struct Animation<W: Write> {
    encoder: gif::Encoder<W>,
    size: [u16; 2],
    /// Time between frames (s/100).
    delay: u16,
}

impl<W: Write> Animation<W> {
    /// Begins an animation of pictures of this size (pixels), `fps` of them a second (1 to 50).
    ///
    /// # Errors
    /// [`Error::Picture`] when a number is out of range or nothing can be written.
    pub fn new(out: W, width: usize, height: usize, fps: f64) -> Result<Self> {
        if !(1.0..=50.0).contains(&fps) {
            return Err(Error::Picture(format!(
                "{fps} frames a second; a GIF shows 1 to 50"
            )));
        }
        let side = |n: usize| match u16::try_from(n) {
            Ok(n) if n > 0 => Ok(n),
            _ => Err(Error::Picture(format!(
                "{n} pixels; a GIF has 1 to 65535 a side"
            ))),
        };
        let size = [side(width)?, side(height)?];
        let mut encoder = gif::Encoder::new(out, size[0], size[1], &[]).map_err(failed)?;
        encoder.set_repeat(gif::Repeat::Infinite).map_err(failed)?;
        Ok(Self {
            encoder,
            size,
            delay: (100.0 / fps).round() as u16,
        })
    }

    /// Adds a frame.
    ///
    /// # Errors
    /// [`Error::Picture`] when it has another size or cannot be written.
    pub fn add(&mut self, picture: &Picture) -> Result<()> {
        let size = [picture.width(), picture.height()];
        if size != self.size.map(usize::from) {
            return Err(Error::Picture(format!(
                "a frame of {} x {} pixels in an animation of {} x {}",
                size[0], size[1], self.size[0], self.size[1]
            )));
        }
        let [width, height] = self.size;
        let mut frame = gif::Frame::from_rgb_speed(width, height, picture.rgb(), SPEED);
        frame.delay = self.delay;
        self.encoder.write_frame(&frame).map_err(failed)
    }

    /// Writes the end of the file, and returns the writer, which may hold bytes that are not flushed yet.
    ///
    /// # Errors
    /// [`Error::Picture`] when nothing can be written.
    pub fn finish(self) -> Result<W> {
        self.encoder.into_inner().map_err(failed)
    }
}

fn failed(error: gif::EncodingError) -> Error {
    Error::Picture(error.to_string())
}
