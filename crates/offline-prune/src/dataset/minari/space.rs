//! Boxes of numbers as Minari writes them (`minari/serialization.py`).
//!
//! Python's `json` writes `Infinity` and `NaN`, which are no JSON; they become `null` here.

use serde::Deserialize;

#[derive(Deserialize)]
struct Space {
    #[serde(rename = "type")]
    kind: String,
    #[serde(default)]
    shape: Vec<usize>,
    #[serde(default)]
    low: Vec<Option<f64>>,
    #[serde(default)]
    high: Vec<Option<f64>>,
}

/// JSON with `null` for infinities and NaN, which JSON does not have.
pub(super) fn finite_json(text: &str) -> String {
    let text = text.replace("-Infinity", "null");
    text.replace("Infinity", "null").replace("NaN", "null")
}

/// The lowest and highest of each number of a box; infinite where there is no limit.
pub(super) fn read_box(text: &str) -> Result<Vec<[f64; 2]>, String> {
    let space: Result<Space, _> = serde_json::from_str(&finite_json(text));
    let space = space.map_err(|error| format!("action_space: {error}"))?;
    let sizes = [space.low.len(), space.high.len()];
    if space.kind != "Box" || space.shape.len() != 1 || sizes != [space.shape[0]; 2] {
        let Space { kind, shape, .. } = space;
        return Err(format!(
            "action_space is a {kind} of shape {shape:?}: must be a Box with one axis"
        ));
    }
    let pairs = space.low.iter().zip(&space.high);
    let pair = |(low, high): (&Option<f64>, &Option<f64>)| {
        [
            low.unwrap_or(f64::NEG_INFINITY),
            high.unwrap_or(f64::INFINITY),
        ]
    };
    Ok(pairs.map(pair).collect())
}

/// A box of `f32`.
pub(super) fn write_box(bounds: &[[f64; 2]]) -> String {
    let side = |side: usize| {
        let numbers = bounds.iter().map(|pair| match pair[side] {
            number if number == f64::INFINITY => "Infinity".to_owned(),
            number if number == f64::NEG_INFINITY => "-Infinity".to_owned(),
            number => format!("{number:?}"),
        });
        numbers.collect::<Vec<_>>().join(", ")
    };
    format!(
        r#"{{"type": "Box", "dtype": "float32", "shape": [{}], "low": [{}], "high": [{}]}}"#,
        bounds.len(),
        side(0),
        side(1)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn boxes_read_back() {
        let bounds = [
            [-1.0, 1.0],
            [-0.4, 2.5e-7],
            [f64::NEG_INFINITY, f64::INFINITY],
        ];
        assert_eq!(read_box(&write_box(&bounds)).unwrap(), bounds);
    }

    #[test]
    fn other_spaces_are_named() {
        let error = read_box(r#"{"type": "Discrete", "n": 4, "start": 0}"#).unwrap_err();
        assert!(error.contains("Discrete"), "{error}");
        let text = r#"{"type": "Box", "shape": [2], "low": [0], "high": [1, 1]}"#;
        assert!(read_box(text).is_err());
        assert!(read_box("{").unwrap_err().contains("action_space"));
    }
}
