//! Everything about a mechanism that changes while it moves.

pub(in crate::dynamics) mod contact;
pub(in crate::dynamics) mod convex;
pub(in crate::dynamics) mod rows;
pub(in crate::dynamics) mod solver;
mod warnings;

use glam::{DMat3, DQuat, DVec3};

use super::math::dense::fours;
use super::math::ldl::Ldl;
use super::math::spatial::{Spatial, SpatialInertia};
use super::model::Model;
use contact::{Contact, Reach, max_contacts};
use convex::ConvexScratch;
use rows::Rows;
use solver::SolverScratch;
pub use warnings::{Warning, Warnings};

/// The state of a mechanism and what the stages of [`step`](super::step) computed last, grouped by the stage
/// that writes it.
///
/// What moves the mechanism on are `qpos`, `qvel`, `ctrl`, `act`, `eq_active`, `mocap_pos`, `mocap_quat`,
/// `qacc_warmstart` and `time`; all else is computed
/// from them. After a step the derived fields are those of its last force evaluation, as in MuJoCo
/// (Computation, "Consistency in mjData"): before the step with Euler, at the fourth stage with Runge-Kutta.
/// A clone continues identically.
#[derive(Clone, Debug)]
pub struct State {
    // --- what the caller sets and `integrate` moves on
    /// Time (s).
    pub time: f64,
    /// Positions (m, rad), `[nq]`.
    pub qpos: Vec<f64>,
    /// Velocities (m/s, rad/s), `[nv]`.
    pub qvel: Vec<f64>,
    /// Controls, `[nu]`; clamped where the model says so.
    pub ctrl: Vec<f64>,
    /// Activations of actuators, `[na]`.
    pub act: Vec<f64>,
    /// Whether each equality constraint acts, `[neq]`.
    pub eq_active: Vec<bool>,
    /// Places of the bodies that are moved from outside (m), `[nmocap]`.
    pub mocap_pos: Vec<DVec3>,
    /// Their orientations, of any length, `[nmocap]`.
    pub mocap_quat: Vec<DQuat>,
    /// Where the constraint solver starts, `[nv]`: the acceleration of the step before.
    pub qacc_warmstart: Vec<f64>,
    /// Whether a step had to start over from the reference pose, since this was last set to `false` or the
    /// state was reset.
    pub diverged: bool,
    /// What went wrong, counted since the state was made.
    pub warnings: Warnings,

    // --- kinematics, com_pos, transmission
    /// Positions of the bodies' frames (m), `[nbody]`.
    pub xpos: Vec<DVec3>,
    /// Orientations of the bodies' frames, `[nbody]`.
    pub xquat: Vec<DQuat>,
    /// The same as matrices, local to world, `[nbody]`.
    pub xmat: Vec<DMat3>,
    /// Centres of mass of the bodies (m), `[nbody]`.
    pub xipos: Vec<DVec3>,
    /// Axes of the bodies' principal inertias, `[nbody]`.
    pub ximat: Vec<DMat3>,
    /// Anchors of the joints (m), `[njnt]`.
    pub xanchor: Vec<DVec3>,
    /// Unit axes of the joints, `[njnt]`.
    pub xaxis: Vec<DVec3>,
    /// Positions of the geoms (m), `[ngeom]`.
    pub geom_xpos: Vec<DVec3>,
    /// Orientations of the geoms, `[ngeom]`.
    pub geom_xmat: Vec<DMat3>,
    /// Positions of the sites (m), `[nsite]`.
    pub site_xpos: Vec<DVec3>,
    /// Orientations of the sites, `[nsite]`.
    pub site_xmat: Vec<DMat3>,
    /// Centres of mass of the subtrees (m), `[nbody]`.
    pub subtree_com: Vec<DVec3>,
    /// Motion of each dof about its tree's centre of mass, `[nv]`.
    pub cdof: Vec<Spatial>,
    /// Inertias of the bodies about their tree's centre of mass, `[nbody]`.
    pub cinert: Vec<SpatialInertia>,

    /// Lengths of the tendons, `[ntendon]`.
    pub ten_length: Vec<f64>,
    /// Slopes of the tendons' lengths by the dofs, row-major `[ntendon, nv]`; empty where all are fixed.
    pub(in crate::dynamics) ten_moment: Vec<f64>,
    /// Lengths of the actuators' transmissions, `[nu]`.
    pub actuator_length: Vec<f64>,
    /// Slopes of these by the dofs, row-major `[nu, nv]`; empty where all are joints and tendons.
    pub(in crate::dynamics) actuator_moment: Vec<f64>,

    // --- crb
    /// Inertias of the subtrees about their tree's centre of mass, `[nbody]`.
    pub crb: Vec<SpatialInertia>,
    /// Inertia matrix M, row-major `[nv, nv]`, both triangles.
    pub qm: Vec<f64>,
    /// Which fours of each of its rows can hold anything but zeros, `[nv]`.
    pub(in crate::dynamics) qm_fours: Vec<u64>,
    /// Its factor, MuJoCo's `qLD`.
    pub(in crate::dynamics) qld: Ldl,

    // --- com_vel, rne, transmission
    /// Velocities of the bodies about their tree's centre of mass, `[nbody]`.
    pub cvel: Vec<Spatial>,
    /// Rates of change of `cdof`, `[nv]`.
    pub cdof_dot: Vec<Spatial>,
    /// Accelerations of the bodies under zero `qacc`, gravity as upward acceleration, `[nbody]`; under `qacc` once sensors
    /// asked for that.
    pub(in crate::dynamics) cacc: Vec<Spatial>,
    /// Forces that these take, summed over subtrees, `[nbody]`; less those from outside once sensors asked for that: what
    /// parents give.
    pub(in crate::dynamics) cfrc_body: Vec<Spatial>,
    /// Rates of change of the tendons' lengths, `[ntendon]`.
    pub ten_velocity: Vec<f64>,
    /// Rates of change of the transmissions' lengths, `[nu]`.
    pub actuator_velocity: Vec<f64>,
    /// Coriolis, centrifugal and gravitational forces (N, N m), `[nv]`.
    pub qfrc_bias: Vec<f64>,

    // --- passive, actuation
    /// Forces of springs and dampers, of a medium, and of weight taken off (N, N m), `[nv]`.
    pub qfrc_passive: Vec<f64>,
    /// Weight taken off bodies (N, N m), `[nv]`.
    pub(in crate::dynamics) qfrc_gravcomp: Vec<f64>,
    /// Rates of the activations, `[na]`.
    pub act_dot: Vec<f64>,
    /// Forces of the actuators before their gears, `[nu]`.
    pub actuator_force: Vec<f64>,
    /// Forces of actuators (N, N m), `[nv]`.
    pub qfrc_actuator: Vec<f64>,
    /// Forces from outside (N, N m), `[nv]`; empty for none.
    pub(in crate::dynamics) qfrc_applied: Vec<f64>,
    /// All forces but those of constraints (N, N m), `[nv]`.
    pub qfrc_smooth: Vec<f64>,
    /// Acceleration that these alone would cause, `[nv]`.
    pub qacc_smooth: Vec<f64>,

    // --- collision, constraint
    /// Contacts, sorted by pair.
    pub contacts: Vec<Contact>,
    pub(in crate::dynamics) convex: ConvexScratch,
    /// What the search for contacts looks at of each pair first, `[pairs]`.
    pub(in crate::dynamics) reaches: Vec<Reach>,
    /// Constraint rows.
    pub rows: Rows,

    // --- solver
    /// Acceleration, `[nv]`.
    pub qacc: Vec<f64>,
    /// Forces of constraints (N, N m), `[nv]`.
    pub qfrc_constraint: Vec<f64>,
    /// Iterations that the solver took.
    pub solver_iterations: usize,
    pub(in crate::dynamics) scratch: SolverScratch,

    // --- rne_post_constraint
    /// Contact forces on each body: torque about its tree's centre of mass (N m), then force (N), in world axes,
    /// `[nbody]`; zero after a reset, see [`rne_post_constraint`](super::rne_post_constraint).
    pub cfrc_ext: Vec<Spatial>,

    // --- sensor
    /// What the sensors measured last, `[sensors.data]`, in the order of the file: positions and velocities of the last
    /// force evaluation, and its forces. [`sensor`](Self::sensor) finds one by name.
    pub sensordata: Vec<f64>,
    /// Velocities of the subtrees' centres of mass (m/s), `[nbody]`, where a sensor asks for them.
    pub(in crate::dynamics) subtree_linvel: Vec<DVec3>,
    /// Angular momenta of the subtrees about these (kg m²/s), `[nbody]`, where a sensor asks for them.
    pub(in crate::dynamics) subtree_angmom: Vec<DVec3>,

    // --- integrate
    /// The state at the start of a Runge-Kutta step and the weighted sums over its stages, `[nq]` or `[nv]`.
    pub(in crate::dynamics) stages: Stages,
}

/// Memory of a Runge-Kutta step.
#[derive(Clone, Debug)]
pub(in crate::dynamics) struct Stages {
    pub(in crate::dynamics) qpos: Vec<f64>,
    pub(in crate::dynamics) qvel: Vec<f64>,
    /// Activations and the sum of their rates, `[na]`.
    pub(in crate::dynamics) act: [Vec<f64>; 2],
    pub(in crate::dynamics) velocity_sum: Vec<f64>,
    pub(in crate::dynamics) acceleration_sum: Vec<f64>,
}

impl State {
    /// The model's reference pose at rest.
    #[must_use]
    pub fn new(model: &Model) -> Self {
        let (nv, nbody) = (model.nv, model.bodies.parent.len());
        let (njnt, ngeom) = (model.joints.kind.len(), model.geoms.kind.len());
        let (nsite, ntendon) = (model.sites.body.len(), model.tendons.name.len());
        let rows = Rows::new(model);
        let scratch = SolverScratch::new(model, &rows);
        let zeros = || vec![0.0; nv];
        let motions = |n| vec![Spatial::default(); n];
        Self {
            time: 0.0,
            qpos: model.qpos0.clone(),
            qvel: zeros(),
            ctrl: vec![0.0; model.nu],
            act: vec![0.0; model.na],
            act_dot: vec![0.0; model.na],
            eq_active: model.equalities.active0.clone(),
            mocap_pos: mocap(model, &model.bodies.pos),
            mocap_quat: mocap(model, &model.bodies.quat),
            qacc_warmstart: zeros(),
            diverged: false,
            warnings: Warnings::default(),
            xpos: vec![DVec3::ZERO; nbody],
            xquat: vec![DQuat::IDENTITY; nbody],
            xmat: vec![DMat3::IDENTITY; nbody],
            xipos: vec![DVec3::ZERO; nbody],
            ximat: vec![DMat3::IDENTITY; nbody],
            xanchor: vec![DVec3::ZERO; njnt],
            xaxis: vec![DVec3::ZERO; njnt],
            geom_xpos: vec![DVec3::ZERO; ngeom],
            geom_xmat: vec![DMat3::IDENTITY; ngeom],
            site_xpos: vec![DVec3::ZERO; nsite],
            site_xmat: vec![DMat3::IDENTITY; nsite],
            ten_length: vec![0.0; ntendon],
            ten_velocity: vec![0.0; ntendon],
            ten_moment: vec![0.0; if has_spatial(model) { ntendon * nv } else { 0 }],
            actuator_moment: vec![0.0; if has_moments(model) { model.nu * nv } else { 0 }],
            actuator_length: vec![0.0; model.nu],
            actuator_velocity: vec![0.0; model.nu],
            actuator_force: vec![0.0; model.nu],
            cfrc_ext: motions(nbody),
            sensordata: vec![0.0; model.sensors.data],
            subtree_linvel: vec![DVec3::ZERO; nbody],
            subtree_angmom: vec![DVec3::ZERO; nbody],
            subtree_com: vec![DVec3::ZERO; nbody],
            cdof: motions(nv),
            cinert: vec![SpatialInertia::default(); nbody],
            crb: vec![SpatialInertia::default(); nbody],
            qm: vec![0.0; nv * nv],
            qm_fours: coupled_fours(model),
            qld: Ldl::zeros(nv),
            cvel: motions(nbody),
            cdof_dot: motions(nv),
            cacc: motions(nbody),
            cfrc_body: motions(nbody),
            qfrc_bias: zeros(),
            qfrc_passive: zeros(),
            qfrc_gravcomp: zeros(),
            qfrc_actuator: zeros(),
            qfrc_applied: Vec::new(),
            qfrc_smooth: zeros(),
            qacc_smooth: zeros(),
            contacts: Vec::with_capacity(max_contacts(model)),
            reaches: Reach::of_pairs(model),
            convex: ConvexScratch::new(model),
            rows,
            qacc: zeros(),
            qfrc_constraint: zeros(),
            solver_iterations: 0,
            scratch,
            stages: Stages {
                qpos: vec![0.0; model.nq],
                qvel: zeros(),
                act: [vec![0.0; model.na], vec![0.0; model.na]],
                velocity_sum: zeros(),
                acceleration_sum: zeros(),
            },
        }
    }

    /// Goes back to the reference pose at rest.
    pub fn reset(&mut self, model: &Model) {
        self.time = 0.0;
        self.qpos.copy_from_slice(&model.qpos0);
        self.qvel.fill(0.0);
        self.ctrl.fill(0.0);
        self.act.fill(0.0);
        self.act_dot.fill(0.0);
        self.eq_active.copy_from_slice(&model.equalities.active0);
        for (body, index) in model.bodies.mocap.iter().enumerate() {
            if let Some(index) = *index {
                self.mocap_pos[index] = model.bodies.pos[body];
                self.mocap_quat[index] = model.bodies.quat[body];
            }
        }
        self.qacc_warmstart.fill(0.0);
        self.cfrc_ext.fill(Spatial::default());
        self.sensordata.fill(0.0);
        self.diverged = false;
    }

    /// What the sensor of this name measured last; `None` where the model has no such sensor.
    ///
    /// ```
    /// use envs::dynamics::{State, step};
    ///
    /// let xml = r#"<mujoco>
    ///   <worldbody>
    ///     <body>
    ///       <joint name="x" type="slide" axis="1 0 0"/>
    ///       <geom size="0.1"/>
    ///     </body>
    ///   </worldbody>
    ///   <sensor><jointvel name="speed" joint="x"/></sensor>
    /// </mujoco>"#;
    /// let model = envs::mjcf::compile(xml, "slider")?;
    /// let mut state = State::new(&model);
    /// state.qvel[0] = 2.0;
    /// step(&model, &mut state);
    /// assert_eq!(state.sensor(&model, "speed"), Some(&[2.0][..]));
    /// assert_eq!(state.sensor(&model, "pressure"), None);
    /// # Ok::<(), envs::Error>(())
    /// ```
    #[must_use]
    pub fn sensor(&self, model: &Model, name: &str) -> Option<&[f64]> {
        self.sensordata.get(model.sensor(name)?)
    }
}

/// What bodies that are moved from outside have of `all`.
fn mocap<T: Copy>(model: &Model, all: &[T]) -> Vec<T> {
    let bodies = model.bodies.mocap.iter().zip(all);
    bodies.filter_map(|(index, x)| index.map(|_| *x)).collect()
}

fn has_spatial(model: &Model) -> bool {
    model.tendons.wraps.iter().any(|wraps| !wraps.is_empty())
}

/// Whether the moment of any actuator takes memory.
fn has_moments(model: &Model) -> bool {
    use super::model::Transmission::{Body, Site, SliderCrank};
    let mut all = model.actuators.transmission.iter();
    all.any(|target| matches!(target, Site(..) | SliderCrank(..) | Body(_)))
}

/// Which fours of each row of the inertia matrix can hold anything but zeros.
fn coupled_fours(model: &Model) -> Vec<u64> {
    let nv = model.nv;
    let mut matrix = vec![0.0; nv * nv];
    for dof in 0..nv {
        let mut next = Some(dof);
        while let Some(other) = next {
            matrix[dof * nv + other] = 1.0;
            matrix[other * nv + dof] = 1.0;
            next = model.dofs.coupled[other];
        }
    }
    matrix.chunks_exact(nv.max(1)).map(fours).collect()
}
