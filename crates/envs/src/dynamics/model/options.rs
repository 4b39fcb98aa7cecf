//! Options of the simulation. MuJoCo: XML reference, "option".

use glam::DVec3;

/// Time-stepping scheme. MuJoCo: Computation, "Numerical integration".
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Integrator {
    /// Semi-implicit Euler, implicit in joint damping.
    Euler,
    /// Explicit Runge-Kutta of order four.
    Rk4,
    /// Euler, implicit in all velocity-dependent forces.
    Implicit,
    /// Euler, implicit in all velocity-dependent forces but those of Coriolis.
    ImplicitFast,
}

/// Algorithm of the constraint solver. MuJoCo: Computation, "Constraint solver", Algorithms.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Solver {
    /// Projected Gauss-Seidel on the dual problem.
    Pgs,
    /// Conjugate gradients on the primal problem.
    Cg,
    /// Newton's method on the primal problem.
    Newton,
}

/// Shape of the friction cone. MuJoCo: Computation, "Constraint model", Friction cones.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cone {
    /// A pyramid inside the cone: `2 (condim - 1)` rows per contact.
    Pyramidal,
    /// The cone itself: `condim` rows per contact.
    Elliptic,
}

/// Options of the simulation (`mjOption`).
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// Length of one physics step (s).
    pub timestep: f64,
    /// Acceleration of gravity (m/s²).
    pub gravity: DVec3,
    /// Magnetic flux, which magnetometers measure.
    pub magnetic: DVec3,
    /// Time-stepping scheme.
    pub integrator: Integrator,
    /// Density of the medium (kg/m³); 0 means no medium.
    pub density: f64,
    /// Viscosity of the medium (Pa s); 0 means no medium.
    pub viscosity: f64,
    /// Velocity of the medium (m/s).
    pub wind: DVec3,
    /// Algorithm of the constraint solver.
    pub solver: Solver,
    /// Whether two convex shapes may touch at several points.
    pub multiccd: bool,
    /// Whether Newton's method and conjugate gradients solve trees apart that no row connects.
    pub islands: bool,
    /// Whether the solver may start from the acceleration of the step before.
    pub warmstart: bool,
    /// Shape of the friction cone.
    pub cone: Cone,
    /// Ratio of frictional to normal constraint impedance.
    pub impratio: f64,
    /// Most iterations of the constraint solver.
    pub iterations: usize,
    /// Improvement of the cost at which the solver stops, relative to the sum of the inertia matrix's diagonal: the
    /// island's, or `meaninertia * nv` without islands.
    pub tolerance: f64,
    /// Most iterations of one line search.
    pub ls_iterations: usize,
    /// Slope, relative to the start, at which a line search stops.
    pub ls_tolerance: f64,
    /// Error (m) at which the search for the nearest points of convex shapes stops.
    pub ccd_tolerance: f64,
    /// Most iterations of that search.
    pub ccd_iterations: usize,
    /// Most iterations of the pass that takes slip out of friction after the solver; 0 for none.
    pub noslip_iterations: usize,
    /// Improvement at which that pass stops, as `tolerance`.
    pub noslip_tolerance: f64,
    /// Whether Euler's method is implicit in joint damping.
    pub eulerdamp: bool,
    /// Whether no constraint may be faster than two timesteps (`solref`).
    pub refsafe: bool,
    /// Whether there are passive forces other than of springs and dampers.
    pub passive: bool,
    /// Whether actuators act.
    pub actuation: bool,
    /// Whether a diverged state starts over.
    pub autoreset: bool,
}
