//! Height fields.

use glam::DVec3;

/// A grid of heights over a rectangle, on a base. MuJoCo: XML reference, "hfield".
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeightField {
    /// Name; the file's where the XML gives none.
    pub name: String,
    /// Half the sides along x and y, the largest height, and the thickness of the base below 0 (m).
    pub size: [f64; 4],
    /// Number of rows, along y.
    pub nrow: usize,
    /// Number of columns, along x.
    pub ncol: usize,
    /// Heights as shares of the largest, 0 to 1, `[nrow, ncol]`, from the least x and y on.
    pub data: Vec<f32>,
}

impl HeightField {
    /// Distance between columns and between rows (m); of one alone it says nothing.
    pub(in crate::dynamics) fn spacing(&self) -> [f64; 2] {
        let [x, y, ..] = self.size;
        [
            2.0 * x / (self.ncol as f64 - 1.0),
            2.0 * y / (self.nrow as f64 - 1.0),
        ]
    }

    /// A place of the grid.
    #[must_use]
    pub fn point(&self, row: usize, column: usize) -> DVec3 {
        let ([dx, dy], [x, y, z, _]) = (self.spacing(), self.size);
        DVec3::new(
            dx * column as f64 - x,
            dy * row as f64 - y,
            f64::from(self.data[row * self.ncol + column]) * z,
        )
    }
}
