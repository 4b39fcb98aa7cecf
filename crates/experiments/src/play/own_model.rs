//! A model of the user's own as a world without reward, to be filmed.

use envs::dynamics::{Model, State, step};
use envs::{Env, Info, Result, SpaceDim, Step, TaskInfo};

/// Range of a control that the model does not bound.
const UNIT: f64 = 1.0;

/// A model that starts in its first keyframe, or its reference pose, and moves by its controls.
#[derive(Clone)]
pub(super) struct OwnModel {
    info: TaskInfo,
    model: Model,
    state: State,
}

impl OwnModel {
    pub(super) fn new(model: Model) -> Self {
        let actuators = &model.actuators;
        let control = |actuator: usize| {
            let [low, high] = actuators.ctrlrange[actuator];
            let name = actuators.name[actuator].clone();
            if low < high && low.is_finite() && high.is_finite() {
                SpaceDim {
                    name,
                    unit: "",
                    low,
                    high,
                }
            } else {
                SpaceDim::bounded(name, "", UNIT)
            }
        };
        let info = TaskInfo {
            id: "MODEL",
            action: (0..model.nu).map(control).collect(),
            frame_skip: 1,
            ..TaskInfo::default()
        };
        Self {
            info,
            state: State::new(&model),
            model,
        }
    }
}

impl Env for OwnModel {
    fn info(&self) -> &TaskInfo {
        &self.info
    }

    fn reset(&mut self, _seed: u64, observation: &mut [f64]) -> Result<()> {
        self.reset_next(observation)
    }

    fn reset_next(&mut self, _observation: &mut [f64]) -> Result<()> {
        self.state.reset(&self.model);
        if let Some(key) = self.model.keyframes.first() {
            self.state.time = key.time;
            self.state.qpos.copy_from_slice(&key.qpos);
            self.state.qvel.copy_from_slice(&key.qvel);
            self.state.ctrl.copy_from_slice(&key.ctrl);
            self.state.act.copy_from_slice(&key.act);
            self.state.mocap_pos.copy_from_slice(&key.mocap_pos);
            self.state.mocap_quat.copy_from_slice(&key.mocap_quat);
        }
        envs::dynamics::forward(&self.model, &mut self.state);
        Ok(())
    }

    fn step(&mut self, action: &[f64], observation: &mut [f64]) -> Result<Step> {
        self.info.check_step(action, observation)?;
        self.state.ctrl.copy_from_slice(action);
        step(&self.model, &mut self.state);
        Ok(Step {
            reward: 0.0,
            terminated: false,
            truncated: false,
            info: Info::default(),
        })
    }

    fn physics(&self) -> Option<(&Model, &State)> {
        Some((&self.model, &self.state))
    }
}
