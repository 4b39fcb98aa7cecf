//! The first layer of a network as a picture: which inputs an agent kept.

use anyhow::{Context, Result};
use base64::Engine;
use tiny_skia::{Color, Pixmap, PremultipliedColorU8};

use crate::runs::networks::Layer;

/// Cells of a picture, at most.
const CELLS: usize = 1 << 20;

/// A picture in which row `i` is input `i`, column `j` unit `j` of the layer, and a connection is dark; as the text of a
/// PNG for a page. `None` for a layer too large for a picture.
///
/// # Errors
/// When it cannot be drawn.
pub(super) fn picture(layer: &Layer) -> Result<Option<String>> {
    if layer.inputs * layer.outputs > CELLS {
        return Ok(None);
    }
    let (width, height) = (layer.outputs, layer.inputs);
    let size = [u32::try_from(width)?, u32::try_from(height)?];
    let mut cells = Pixmap::new(size[0], size[1]).context("a layer without units")?;
    cells.fill(Color::from_rgba8(238, 240, 243, 255));
    let ink = PremultipliedColorU8::from_rgba(0, 114, 178, 255).context("a colour")?;
    let pixels = cells.pixels_mut();
    for position in &layer.positions {
        let (output, input) = (*position as usize / height, *position as usize % height);
        pixels[input * width + output] = ink;
    }
    let png = base64::engine::general_purpose::STANDARD.encode(cells.encode_png()?);
    Ok(Some(format!("data:image/png;base64,{png}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_inputs() {
        let layer = Layer {
            network: "actor".to_owned(),
            index: 0,
            inputs: 2,
            outputs: 3,
            // Unit 0 reads input 1, unit 2 reads both.
            positions: vec![1, 4, 5],
        };
        let text = picture(&layer).unwrap().unwrap();
        let png = text.strip_prefix("data:image/png;base64,").unwrap();
        let png = base64::engine::general_purpose::STANDARD
            .decode(png)
            .unwrap();
        let cells = Pixmap::decode_png(&png).unwrap();
        let dark: Vec<bool> = cells.pixels().iter().map(|p| p.red() == 0).collect();
        assert_eq!((cells.width(), cells.height()), (3, 2));
        assert_eq!(dark, [false, false, true, true, false, true]);
        let large = Layer {
            inputs: 1 << 11,
            outputs: 1 << 10,
            ..layer
        };
        assert!(picture(&large).unwrap().is_none());
    }
}
