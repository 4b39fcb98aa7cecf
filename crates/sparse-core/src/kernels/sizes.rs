//! Checks of sizes, so that the kernels need none. A wrong size is a bug of the caller, hence panics.

use super::Pattern;

/// Activations at both sides of a layer, `[tiles, inputs, width]` and `[tiles, outputs, width]`.
///
/// # Panics
/// When no kernel knows the width, or the sides do not have the same whole number of tiles.
#[track_caller]
pub(super) fn check_sides(inputs: usize, outputs: usize, pattern: &Pattern, width: usize) {
    let rows = [pattern.inputs(), pattern.outputs()];
    check_tiles([inputs, outputs], rows, width);
}

/// The same for data of lengths `data` with `rows` rows to a tile, inputs first.
///
/// # Panics
/// When no kernel knows the width, or the sides do not have the same whole number of tiles.
#[track_caller]
pub(super) fn check_tiles(data: [usize; 2], rows: [usize; 2], width: usize) {
    let at_inputs = tiles("activations at the inputs", data[0], rows[0], width);
    let at_outputs = tiles("activations at the outputs", data[1], rows[1], width);
    assert!(
        at_inputs == at_outputs,
        "{at_inputs} tiles at the inputs, {at_outputs} at the outputs"
    );
}

/// Number of tiles in `data` floats, `[tiles, rows, width]`.
///
/// # Panics
/// When no kernel knows the width, or the data are no whole number of tiles.
#[track_caller]
pub(super) fn tiles(what: &str, data: usize, rows: usize, width: usize) -> usize {
    check_width(width);
    let tile = product(&[rows, width]);
    assert!(
        tile != 0 && data.is_multiple_of(tile),
        "{what}: {data} floats are no whole number of tiles of {rows} × {width}"
    );
    data / tile
}

/// How many numbers a block of these sizes has.
///
/// # Panics
/// When they are more than can be counted: in a release build the product would wrap round to one that may fit.
#[track_caller]
pub(crate) fn product(sizes: &[usize]) -> usize {
    let product = sizes
        .iter()
        .try_fold(1usize, |all, size| all.checked_mul(*size));
    product.unwrap_or_else(|| panic!("sizes: {sizes:?} are more numbers than can be counted"))
}

/// # Panics
/// When `found` is not `expected`.
#[track_caller]
pub(super) fn check_equal(what: &str, found: usize, expected: usize) {
    assert!(
        found == expected,
        "{what}: {found} floats, expected {expected}"
    );
}

/// # Panics
/// When no kernel knows the width.
#[track_caller]
pub(super) fn check_width(width: usize) {
    assert!(
        matches!(width, 16 | 32 | 64),
        "a tile is {width} columns wide: must be 16, 32 or 64"
    );
}
