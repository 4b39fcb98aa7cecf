//! Orientations: the five ways in which MJCF writes one.
//!
//! MuJoCo: Modeling, "Frame orientations". Every operation is in the order of MuJoCo's compiler, and sine, cosine and arc
//! tangent are those with the same bits on every machine: a compiled model is the same everywhere, and MuJoCo's to the
//! last bit but where the C library's sine rounds otherwise.

use super::compiler::Compiler;
use super::element::Element;
use super::place::Place;
use crate::Result;
use crate::dynamics::sin_cos;
use glam::{DQuat, DVec3};
use std::f64::consts::PI;

/// Squares of lengths under which a direction counts as none, and how far a length may be from one to be left alone.
const TINY: f64 = 1e-14;

const WAYS: [&str; 5] = ["quat", "axisangle", "xyaxes", "zaxis", "euler"];

/// An orientation as a file gives it, or a class for its elements.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Orientation {
    /// `w x y z`, of any length but zero.
    quat: [f64; 4],
    /// Another way, which goes before the quaternion: also that of a class before that of its element.
    other: Option<Other>,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Other {
    AxisAngle([f64; 4]),
    XyAxes([f64; 6]),
    ZAxis([f64; 3]),
    Euler([f64; 3]),
}

impl Default for Orientation {
    fn default() -> Self {
        Self {
            quat: [1.0, 0.0, 0.0, 0.0],
            other: None,
        }
    }
}

impl Orientation {
    /// The element's orientation, starting from its class's.
    pub(super) fn read(&mut self, element: &Element) -> Result<()> {
        let given = element.present(&WAYS);
        if given.len() > 1 {
            return Err(element.error(format!(
                "{} all give an orientation; give one",
                given.join(", ")
            )));
        }
        element.array("quat", &mut self.quat)?;
        if self.quat == [0.0; 4] {
            return Err(element.error("quat is 0 0 0 0; it must not be zero"));
        }
        if let (true, Some(_)) = (element.has("quat"), self.other) {
            element.note("the orientation of its class goes before its own quat", "");
        }
        let other = [
            element.exactly("axisangle")?.map(Other::AxisAngle),
            element.exactly("xyaxes")?.map(Other::XyAxes),
            element.exactly("zaxis")?.map(Other::ZAxis),
            element.exactly("euler")?.map(Other::Euler),
        ];
        self.other = other.into_iter().flatten().next().or(self.other);
        Ok(())
    }

    /// Rotations about the axes of the compiler's sequence, in the file's unit.
    pub(super) fn euler(angles: [f64; 3]) -> Self {
        Self {
            other: Some(Other::Euler(angles)),
            ..Self::default()
        }
    }

    /// Whether it was never given.
    pub(super) fn is_default(&self) -> bool {
        *self == Self::default()
    }

    /// As a unit quaternion.
    pub(super) fn resolve(&self, compiler: &Compiler, place: &Place) -> Result<DQuat> {
        let radians = |angle: f64| {
            if compiler.degrees {
                angle / 180.0 * PI
            } else {
                angle
            }
        };
        let direction = |way: &str, v: DVec3| {
            unit(v).ok_or_else(|| {
                place.error(format!(
                    "{way} has no direction in ({}, {}, {})",
                    v.x, v.y, v.z
                ))
            })
        };
        Ok(match self.other {
            None => {
                let [w, x, y, z] = self.quat;
                return normalized(place, DQuat::from_xyzw(x, y, z, w));
            }
            Some(Other::AxisAngle([x, y, z, angle])) => {
                let axis = direction("axisangle", DVec3::new(x, y, z))?;
                about(axis, radians(angle))
            }
            Some(Other::XyAxes([a, b, c, d, e, f])) => {
                let x = direction("xyaxes", DVec3::new(a, b, c))?;
                let y = DVec3::new(d, e, f);
                let y = direction("xyaxes", y - x * x.dot(y))?;
                let z = direction("xyaxes", x.cross(y))?;
                from_axes([x, y, z])
            }
            Some(Other::ZAxis(z)) => from_z(direction("zaxis", DVec3::from_array(z))?),
            Some(Other::Euler(angles)) => from_euler(angles.map(radians), &compiler.eulerseq),
        })
    }
}

/// `v` at length one; `None` when it is too short (under 1e-7) or too long to have a direction.
pub(super) fn unit(v: DVec3) -> Option<DVec3> {
    let square = v.length_squared();
    if square < TINY || !square.is_finite() {
        return None;
    }
    let length = square.sqrt();
    Some(if (length - 1.0).abs() > TINY {
        v / length
    } else {
        v
    })
}

/// `q` at length one; as it is where it nearly has that length.
pub(super) fn unit_quat(q: DQuat) -> DQuat {
    let length = (q.w * q.w + q.x * q.x + q.y * q.y + q.z * q.z).sqrt();
    if (length - 1.0).abs() > TINY {
        q / length
    } else {
        q
    }
}

fn normalized(place: &Place, q: DQuat) -> Result<DQuat> {
    let square = q.length_squared();
    if square >= TINY && square.is_finite() {
        Ok(unit_quat(q))
    } else {
        let length = square.sqrt();
        Err(place.error(format!("quat has length {length}; it must not be zero")))
    }
}

/// The turn by `angle` (rad) about a unit axis.
fn about(axis: DVec3, angle: f64) -> DQuat {
    let (sin, cos) = sin_cos(angle / 2.0);
    DQuat::from_vec4((axis * sin).extend(cos))
}

/// The smallest rotation that takes the z axis to the unit vector `to`; half a turn about x for -z.
pub(super) fn from_z(to: DVec3) -> DQuat {
    let cross = DVec3::new(-to.y, to.x, 0.0);
    let (sine, axis) = match unit(cross) {
        Some(axis) => (cross.length(), axis),
        None => (0.0, DVec3::X),
    };
    about(axis, libm::atan2(sine, to.z))
}

/// The turn whose matrix has these columns, from the largest of its four numbers.
fn from_axes([x, y, z]: [DVec3; 3]) -> DQuat {
    let (a, b, c) = (y.z - z.y, z.x - x.z, x.y - y.x);
    let (d, e, f) = (y.x + x.y, z.x + x.z, z.y + y.z);
    let half = |square: f64| 0.5 * square.sqrt();
    let quat = if x.x + y.y + z.z > 0.0 {
        let w = half(1.0 + x.x + y.y + z.z);
        DQuat::from_xyzw(0.25 * a / w, 0.25 * b / w, 0.25 * c / w, w)
    } else if x.x > y.y && x.x > z.z {
        let first = half(1.0 + x.x - y.y - z.z);
        DQuat::from_xyzw(first, 0.25 * d / first, 0.25 * e / first, 0.25 * a / first)
    } else if y.y > z.z {
        let second = half(1.0 - x.x + y.y - z.z);
        DQuat::from_xyzw(
            0.25 * d / second,
            second,
            0.25 * f / second,
            0.25 * b / second,
        )
    } else {
        let third = half(1.0 - x.x - y.y + z.z);
        DQuat::from_xyzw(0.25 * e / third, 0.25 * f / third, third, 0.25 * c / third)
    };
    unit_quat(quat)
}

/// Rotations about the axes of `sequence` in turn; `true` marks an axis that stays fixed.
fn from_euler(angles: [f64; 3], sequence: &[(usize, bool); 3]) -> DQuat {
    let mut total = DQuat::IDENTITY;
    for (angle, &(axis, fixed)) in angles.into_iter().zip(sequence) {
        let turn = about(DVec3::AXES[axis], angle);
        total = unit_quat(if fixed { turn * total } else { total * turn });
    }
    total
}

#[cfg(test)]
mod tests {
    use crate::mjcf::compile;

    /// Unit of angles, sequence, orientation, and the quaternion `w x y z` that MuJoCo 3.3.7 makes of it.
    #[rustfmt::skip]
    #[allow(clippy::approx_constant, reason = "recorded as it is")]
    const TURNS: [(&str, &str, &str, [f64; 4]); 28] = [
        ("degree", "xyz", "euler='73.2007 73.9058 3.67813'", [0.6297193633039262, 0.49170795269695683, 0.4670787832620329, 0.3788327110495133]),
        ("radian", "xyz", "euler='-1.07099 -2.23035 -0.583156'", [0.49417168691512825, 0.006953050543192535, -0.8042306763243124, 0.33008940940075515]),
        ("degree", "XYZ", "euler='-21.9664 -109.134 -108.298'", [0.20750346004046924, -0.7130195537702428, -0.3789387803091947, -0.5522235333542903]),
        ("radian", "XYZ", "euler='2.49588 0.761846 -1.32745'", [0.01480400488810607, 0.7661283923497025, -0.44943490342516756, -0.45916924489576105]),
        ("degree", "zYx", "euler='-15.6126 113.805 95.4426'", [0.44814244008709675, 0.3237313392478532, 0.5034817750544951, -0.663982285584148]),
        ("radian", "zYx", "euler='1.72116 -0.537977 -0.0348849'", [0.6249419759786133, -0.21243435930360366, -0.18599526953255702, 0.7278220451172975]),
        ("degree", "yxY", "euler='42.4054 -105.407 13.3431'", [0.535636148716899, -0.7032120590357791, 0.2832966028715038, 0.37192707755130355]),
        ("radian", "yxY", "euler='-1.14274 1.89826 -2.17893'", [-0.05236684858053958, -0.0730944039892319, -0.5800314259560968, 0.8096162462417233]),
        ("degree", "xyz", "axisangle='0.409638 0.829855 -1.64302 237.269'", [-0.47922043856136765, 0.19066200702154346, 0.3862479062900974, -0.7647276150565531]),
        ("degree", "xyz", "axisangle='-0.980747 -0.173155 -1.28942 -299.28'", [-0.8628667372016248, 0.3042509259671539, 0.053716778216851585, 0.4000085944291113]),
        ("degree", "xyz", "axisangle='-0.0378857 -0.304338 -1.04793 -105.034'", [0.6085260095415543, 0.02753364228317881, 0.22117932690112818, 0.7615889308581225]),
        ("degree", "xyz", "axisangle='-1.09133 -1.35521 0.224786 119.107'", [0.5067335945992365, -0.5362558452239728, -0.6659207425856343, 0.11045495535219958]),
        ("radian", "xyz", "xyaxes='1.1703 0.716588 -1.99782 0.272129 -1.10172 0.0330572'", [0.023654914384942143, 0.8607366231649034, 0.18476610335122878, -0.4737450766187688]),
        ("radian", "xyz", "xyaxes='0.043632 -1.98843 -0.233423 -0.25579 0.962001 -1.18145'", [0.4884300345942499, -0.5218526233539567, 0.5628399421310947, -0.41511099762198483]),
        ("radian", "xyz", "xyaxes='0.738042 -1.09897 -0.331291 -0.840473 1.44873 0.568213'", [0.7584840182255307, 0.44172595571778456, -0.11136566767909073, -0.4660234567101242]),
        ("radian", "xyz", "xyaxes='2.43173 0.641916 0.844993 0.840683 -0.606612 -0.0700284'", [-0.18206909078232478, 0.9618302272150535, 0.15167640370676583, 0.1368492921272094]),
        ("radian", "xyz", "xyaxes='1.35039 -0.396551 0.1888 -0.0212235 0.609216 -0.364909'", [0.9511507550832419, -0.2660744834362918, -0.026734386596842404, -0.1542785887347302]),
        ("radian", "xyz", "xyaxes='-0.152362 0.242381 0.103023 -0.864973 0.895783 -1.29848'", [-0.45978640747155036, 0.1954951221894291, 0.6237771465235157, -0.6010658767385868]),
        ("radian", "xyz", "zaxis='-1.20112 -1.28249 0.966972'", [0.8608517943514022, 0.37140463772602084, -0.34784016909720794, 0.0]),
        ("radian", "xyz", "zaxis='-0.360608 -0.971036 -1.13602'", [0.36128950828318124, 0.8741240243686592, -0.32461836242892483, 0.0]),
        ("radian", "xyz", "zaxis='0.421131 -1.05484 -1.27208'", [0.3564169810945796, 0.8677289967330172, 0.34642939225206876, -0.0]),
        ("radian", "xyz", "zaxis='0.613993 -1.19671 -0.322438'", [0.6192250137156213, 0.6986266905146553, 0.35844264490909644, -0.0]),
        ("degree", "xyz", "euler='90 0 180'", [4.329780281177467e-17, 4.329780281177466e-17, -0.7071067811865475, 0.7071067811865476]),
        ("degree", "xyz", "axisangle='0 0 3 90'", [0.7071067811865476, 0.0, 0.0, 0.7071067811865475]),
        ("degree", "xyz", "zaxis='0 0 -2'", [6.123233995736766e-17, 1.0, 0.0, 0.0]),
        ("degree", "xyz", "zaxis='1e-8 0 1'", [1.0, 0.0, 0.0, 0.0]),
        ("degree", "xyz", "quat='1 2 3 4'", [0.18257418583505536, 0.3651483716701107, 0.5477225575051661, 0.7302967433402214]),
        ("degree", "xyz", "xyaxes='0 1 0 -1 0 0'", [0.7071067811865476, 0.0, 0.0, 0.7071067811865475]),
    ];

    fn quat(angle: &str, sequence: &str, orientation: &str) -> [f64; 4] {
        let xml = format!(
            "<mujoco><compiler angle='{angle}' eulerseq='{sequence}'/><worldbody>
               <body {orientation}><geom size='1'/></body>
             </worldbody></mujoco>"
        );
        let q = compile(&xml, "turned").unwrap().bodies.quat[1];
        [q.w, q.x, q.y, q.z]
    }

    /// To the last bit in all but two, where the C library rounds a sine otherwise.
    #[test]
    fn turns_are_mujocos() {
        let mut others = Vec::new();
        for (angle, sequence, orientation, expected) in TURNS {
            let found = quat(angle, sequence, orientation);
            let apart = found.iter().zip(expected).map(|(a, b)| (a - b).abs());
            let most = apart.fold(0.0, f64::max);
            assert!(most <= 1.2e-16, "{orientation}: {found:?}, {expected:?}");
            if found != expected {
                others.push(orientation);
            }
        }
        assert!(others.len() <= 2, "differ in a last bit: {others:?}");
    }

    /// Bits recorded once: a machine on which they differ would compile other models.
    #[test]
    fn bits_are_fixed() {
        let bits = TURNS
            .iter()
            .fold(0_u64, |bits, (angle, sequence, turn, _)| {
                let found = quat(angle, sequence, turn);
                found
                    .iter()
                    .fold(bits, |bits, x| bits.rotate_left(7) ^ x.to_bits())
            });
        assert_eq!(bits, 0x9066_9715_d662_4693, "{bits:#x}");
    }

    #[test]
    fn what_has_no_direction_is_refused() {
        for orientation in [
            "zaxis='1e-8 0 0'",
            "xyaxes='1 0 0 2 0 0'",
            "axisangle='0 0 0 1'",
        ] {
            let xml = format!(
                "<mujoco><worldbody><body {orientation}><geom size='1'/></body></worldbody></mujoco>"
            );
            let error = compile(&xml, "turned").unwrap_err().to_string();
            assert!(error.contains("has no direction in"), "{error}");
        }
    }
}
