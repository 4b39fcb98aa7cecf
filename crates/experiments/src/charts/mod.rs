//! Pictures of runs, the same as SVG and as PNG.
//!
//! In reading order: [`figure`] (what a picture has), `palette` (colours and dashes), [`draw`] (a figure on any
//! backend), `pixels` (a backend that makes PNGs), [`learning`] (figures of sets of runs), `plot` (the command).

pub mod draw;
pub mod figure;
pub mod learning;
mod palette;
mod pixels;
#[cfg(feature = "run")]
pub(crate) mod plot;

pub use draw::{png, svg};
pub use figure::{Axis, Content, Figure, Line, Panel};
