//! Tasks of users, by name. They stay registered as long as the process runs, so these tests have one of their own.

use envs::tasks::HalfCheetah;
use envs::{Env, Error, Mujoco, Result, Step, TaskInfo};
use envs::{catalogue, find, list, make, names, register};

/// An environment under any name.
fn named(id: &'static str) -> Result<Box<dyn Env>> {
    #[derive(Clone)]
    struct Named(TaskInfo);
    impl Env for Named {
        fn info(&self) -> &TaskInfo {
            &self.0
        }
        fn reset(&mut self, _: u64, _: &mut [f64]) -> Result<()> {
            Ok(())
        }
        fn reset_next(&mut self, _: &mut [f64]) -> Result<()> {
            Ok(())
        }
        fn step(&mut self, _: &[f64], _: &mut [f64]) -> Result<Step> {
            Err(Error::NotReset { task: self.0.id })
        }
    }
    let about = "Does nothing.";
    let info = TaskInfo {
        id,
        about,
        ..TaskInfo::default()
    };
    Ok(Named(info).into())
}

#[test]
fn registered_tasks_are_found_as_the_crates_own() {
    register("Glider-v1", || named("Glider-v1")).unwrap();
    register("Glider-v0", || named("Glider-v0")).unwrap();
    assert_eq!(find("glider").unwrap(), "Glider-v1");
    assert_eq!(make("GLIDER_V0").unwrap().info().id, "Glider-v0");
    assert!(names().contains(&"Glider-v0"));
    assert!(list().iter().any(|info| info.id == "Glider-v1"));
    let told = catalogue();
    let told = told.iter().find(|told| told.name == "Glider-v1").unwrap();
    assert_eq!(told.about, "Does nothing.");
    let error = find("Glidre-v0").unwrap_err().to_string();
    assert!(error.contains("did you mean Glider-v0"), "{error}");
    // Has no state to resume from.
    let error = make("Glider-v0").unwrap().state().unwrap_err().to_string();
    assert_eq!(
        error,
        "Glider-v0 cannot be resumed: its Env lacks `state` or `set_state`, which a run with checkpoints needs"
    );
}

#[test]
fn a_name_with_a_meaning_is_refused() {
    for (name, by) in [
        ("HalfCheetah-v5", "HalfCheetah-v5"),
        ("half cheetah V5", "HalfCheetah-v5"),
        ("Hopper", "Hopper-v5"),
    ] {
        let error = register(name, || Ok(Mujoco::new(HalfCheetah::default())?.into()));
        let expected = format!(
            "`{name}` is taken: it names the task {by}; register under another name or version"
        );
        assert_eq!(error.unwrap_err().to_string(), expected);
    }
    // Files and folders are named after tasks.
    for name in [
        "--",
        "",
        "a/",
        "/a-v0",
        "a//b-v0",
        "../a-v0",
        "my robot-v0",
        "a\\b-v0",
    ] {
        let error = register(name, move || named(name)).unwrap_err().to_string();
        let expected = format!("`{name}` is no name of a task");
        assert!(error.starts_with(&expected), "{error}");
    }
    register("lab/robot-v0", || named("lab/robot-v0")).unwrap();
}

#[test]
fn a_task_that_calls_itself_otherwise_is_an_error() {
    register("Kite-v0", || named("Balloon-v0")).unwrap();
    let error = make("Kite-v0").map(|_| ()).unwrap_err().to_string();
    assert_eq!(
        error,
        "the task registered as Kite-v0 calls itself `Balloon-v0` in its info; give both the same name"
    );
    assert!(names().contains(&"Kite-v0"));
    assert!(list().iter().all(|info| info.id != "Balloon-v0"));
}

#[test]
fn a_task_that_cannot_be_made_says_why() {
    register("Robot-v0", || {
        Err(Error::Custom {
            task: "Robot-v0",
            error: "no robot answers".into(),
        })
    })
    .unwrap();
    let error = make("robot").map(|_| ()).unwrap_err();
    assert_eq!(error.to_string(), "Robot-v0: no robot answers");
    assert!(std::error::Error::source(&error).is_none());
    assert!(list().iter().all(|info| info.id != "Robot-v0"));
    let all = catalogue();
    let robot = all.iter().find(|entry| entry.name == "Robot-v0").unwrap();
    assert_eq!(robot.about, "cannot be made");
}
