//! DeepMind's control suite, a file per domain: `dmc/cartpole-swingup` and the others.
//!
//! Tassa et al. (2018), DeepMind Control Suite; Tunyasuvunakool et al. (2020), dm_control. Semantics of dm_control 1.0.34,
//! the last release for MuJoCo 3.3. Names are `dmc/DOMAIN-TASK` with the suite's own words. Observations are the suite's,
//! one after the other in its order.
//!
//! A new task: its file, its model, and its line below. One with the suite's conventions from outside implements
//! [`SuiteTask`].

mod acrobot;
mod arm;
mod ball_in_cup;
mod biped;
mod bowl;
mod cartpole;
mod cheetah;
mod dog;
mod finger;
mod fish;
mod hopper;
mod humanoid;
mod humanoid_cmu;
mod manipulator;
mod options;
mod parts;
mod pendulum;
mod point_mass;
mod quadruped;
mod reacher;
mod stacker;
mod suite;
mod swimmer;
mod walker;

pub use acrobot::Acrobot;
pub use ball_in_cup::BallInCup;
pub use cartpole::Cartpole;
pub use cheetah::Cheetah;
pub use dog::Dog;
pub use finger::Finger;
pub use fish::Fish;
pub use hopper::Hopper;
pub use humanoid::Humanoid;
pub use humanoid_cmu::HumanoidCmu;
pub use manipulator::Manipulator;
pub use pendulum::Pendulum;
pub use point_mass::PointMass;
pub use quadruped::Quadruped;
pub use reacher::Reacher;
pub use stacker::Stacker;
pub use suite::{Start, Suite, SuiteTask};
pub use swimmer::Swimmer;
pub use walker::Walker;

use super::TaskSpec;
use crate::wrappers::{Constructor, bad};
use options::{Poles, Sight, entry, entry_with};

/// What [`make`](crate::make) knows of these tasks.
pub(crate) fn all() -> Vec<(TaskSpec, Constructor)> {
    vec![
        entry(Acrobot::swingup()),
        entry(Acrobot::swingup_sparse()),
        entry(BallInCup),
        entry(Cartpole::balance()),
        entry(Cartpole::balance_sparse()),
        entry(Cartpole::swingup()),
        entry(Cartpole::swingup_sparse()),
        entry(Cartpole::two_poles()),
        three_poles(),
        entry(Cheetah),
        entry(Dog::stand()),
        entry(Dog::walk()),
        entry(Dog::trot()),
        entry(Dog::run()),
        entry(Dog::fetch()),
        entry(Finger::spin()),
        entry(Finger::turn_easy()),
        entry(Finger::turn_hard()),
        entry(Fish::upright()),
        entry(Fish::swim()),
        entry(Hopper::stand()),
        entry(Hopper::hop()),
        entry(Humanoid::stand()),
        entry(Humanoid::walk()),
        entry(Humanoid::run()),
        entry(Humanoid::run_pure_state()),
        entry(HumanoidCmu::stand()),
        entry(HumanoidCmu::walk()),
        entry(HumanoidCmu::run()),
        manipulator(Manipulator::bring_ball()),
        manipulator(Manipulator::bring_peg()),
        manipulator(Manipulator::insert_ball()),
        manipulator(Manipulator::insert_peg()),
        entry(Pendulum),
        entry(PointMass::easy()),
        entry(PointMass::hard()),
        entry(Quadruped::walk()),
        entry(Quadruped::run()),
        entry(Quadruped::escape()),
        entry(Quadruped::fetch()),
        entry(Reacher::easy()),
        entry(Reacher::hard()),
        stacker(Stacker::stack_2()),
        stacker(Stacker::stack_4()),
        entry(Swimmer::swimmer6()),
        entry(Swimmer::swimmer15()),
        entry(Walker::stand()),
        entry(Walker::walk()),
        entry(Walker::run()),
    ]
}

/// Poles of a cartpole at most.
const MOST_POLES: usize = 100;

fn three_poles() -> (TaskSpec, Constructor) {
    let task = Cartpole::three_poles();
    let own = Poles { num_poles: 3 };
    entry_with(task, own, |task, &Poles { num_poles }| {
        if !(1..=MOST_POLES).contains(&num_poles) {
            let allowed = format!("1 to {MOST_POLES}");
            let value = (num_poles as i64).into();
            return Err(bad(task.spec().id, "num_poles", &value, &allowed));
        }
        Ok(task.clone().with_poles(num_poles))
    })
}

const ALL: Sight = Sight {
    fully_observable: true,
};

fn manipulator(task: Manipulator) -> (TaskSpec, Constructor) {
    entry_with(task, ALL, |task, sight| {
        Ok(task.clone().fully_observable(sight.fully_observable))
    })
}

fn stacker(task: Stacker) -> (TaskSpec, Constructor) {
    entry_with(task, ALL, |task, sight| {
        Ok(task.clone().fully_observable(sight.fully_observable))
    })
}
