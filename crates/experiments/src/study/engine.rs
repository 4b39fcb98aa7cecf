//! `study run`: makes what is missing of a study, several runs at a time, each in a process of its own.

use std::collections::HashSet;
use std::env;
use std::fs::{self, File};
use std::process::{Child, Command, ExitCode, ExitStatus, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};
use sparse_core::device;

use super::cost;
use super::listed::plan_of;
use super::queue::Queue;
use super::tries::{KILLS, Next, Tries};
use super::view::View;
use super::worker::{LEFT_OUT, TAKEN, drop_resume};
use crate::args::study::{MakingArgs, RunArgs};
use crate::disk::room;
use crate::parallel::{Share, thread_count};
use crate::roster::manifest::{self, Planned};
use crate::roster::place::StudyDir;
use crate::roster::status::{self, Failed, State, Status};
use crate::terminal::interrupt::{self, Interrupt};
use crate::terminal::table::span;
use crate::terminal::tell::print_line;

/// How often children are looked at.
const TICK: Duration = Duration::from_millis(50);

/// How often runs of other workers are looked at.
const LOOK: Duration = Duration::from_secs(2);

/// How long before the end of a budget runs are asked to end: a tenth of it, and this at most.
const MARGIN: Duration = Duration::from_secs(60);

/// Makes what is missing. A study that was asked to end, or whose time is over, has its own exit status.
///
/// # Errors
/// A study file that is wrong, a study that does not fit on the disk, runs that failed.
pub(super) fn run(args: &RunArgs) -> Result<ExitCode> {
    let (study, runs) = plan_of(&args.place, args.device)?;
    make(study, runs, &args.making)
}

/// Makes what is missing of these runs of a study.
///
/// # Errors
/// A study that does not fit on the disk, runs that failed.
pub(super) fn make(study: StudyDir, all: Vec<Planned>, args: &MakingArgs) -> Result<ExitCode> {
    let began = Instant::now();
    for run in &all {
        let named = device::available();
        if !named.contains(&run.device.as_str()) {
            bail!(
                "--device {}: must be one of {}, as this build has",
                run.device,
                named.join(", ")
            );
        }
    }
    let mine: Vec<Planned> = match args.slice {
        Some((part, of)) => all
            .iter()
            .zip(manifest::roots(&all))
            .filter(|(_, root)| root % of == part)
            .map(|(run, _)| run.clone())
            .collect(),
        None => all,
    };
    if mine.is_empty() {
        print_line("nothing to make: this slice has no run");
        return Ok(ExitCode::SUCCESS);
    }
    let status = Status::of(&study, &mine);
    let cores = thread_count(None)?;
    let open = mine.len() - status.done;
    let jobs = args
        .jobs
        .map_or(Ok(cores), usize::try_from)?
        .min(open.max(1));
    fits(&study, &mine, &status, jobs, args.keep_resume)?;
    // A time that no clock reaches is none.
    let deadline = args.budget.and_then(|budget| began.checked_add(budget));
    let mut engine = Engine {
        share: Share {
            at_once: jobs,
            threads: args
                .threads
                .map_or(Ok((cores / jobs).max(1)), usize::try_from)?,
        },
        deadline,
        soft: deadline
            .zip(args.budget)
            .map(|(end, budget)| end - MARGIN.min(budget / 10)),
        keep_resume: args.keep_resume,
        interrupt: Interrupt::catch()?,
        view: View::new(&mine, &status),
        tries: vec![Tries::default(); mine.len()],
        queue: Queue::new(mine.len()),
        elsewhere: Vec::new(),
        left_out: vec![false; mine.len()],
        sources: manifest::sources(&mine),
        children: Vec::new(),
        stopping: false,
        study,
        runs: mine,
    };
    engine.begin(&status);
    match engine.work() {
        Ok(()) => engine.finish(),
        Err(error) => {
            engine.give_up();
            Err(error)
        }
    }
}

/// Refuses a study that does not fit into memory or on the disk.
fn fits(
    study: &StudyDir,
    runs: &[Planned],
    status: &Status,
    jobs: usize,
    keep_resume: bool,
) -> Result<()> {
    let costs = cost::of(runs, status)?;
    let (_, bytes) = cost::sum(&costs, status, jobs, keep_resume);
    room::disk("the study", bytes, study.path())?;
    let open = runs.iter().zip(&status.states).zip(&costs);
    let open = open.filter(|((_, state), _)| !matches!(state, State::Done(_)));
    match open.max_by_key(|(_, cost)| cost.resume) {
        Some(((run, _), _)) => room::memory(&cost::memory(run)?, jobs),
        None => Ok(()),
    }
}

struct Going {
    index: usize,
    child: Child,
}

struct Engine {
    study: StudyDir,
    runs: Vec<Planned>,
    share: Share,
    /// When all processes are killed, which can go on from their last checkpoint.
    deadline: Option<Instant>,
    /// When runs are asked to end.
    soft: Option<Instant>,
    keep_resume: bool,
    interrupt: Interrupt,
    view: View,
    tries: Vec<Tries>,
    /// Runs to be made.
    queue: Queue,
    /// Runs that other workers have, and when they were looked at.
    elsewhere: Vec<(usize, Instant)>,
    /// Whether each run is no longer in the study.
    left_out: Vec<bool>,
    /// The run with whose networks each begins, if it does with another's.
    sources: Vec<Option<usize>>,
    children: Vec<Going>,
    stopping: bool,
}

impl Engine {
    fn begin(&mut self, status: &Status) {
        for (index, state) in status.states.iter().enumerate() {
            match state {
                State::Done(_) => {
                    if !self.keep_resume {
                        drop_resume(&self.study.run_path(&self.runs[index].name));
                    }
                    self.queue.settle(index);
                }
                // Those that were begun go first: they take disk until they are whole.
                State::CutOff(_) | State::Going(_) => self.queue.push_front(index),
                State::Missing | State::Failed(_) => self.queue.push_back(index),
            }
        }
        let Share { at_once, threads } = self.share;
        self.view.line(&format!(
            "study    {}: {} runs, {} are whole and stay, {} to be made; {at_once} at a time, threads of each: {threads}",
            self.study.path().display(),
            self.runs.len(),
            status.done,
            self.queue.len()
        ));
    }

    /// Makes all that is to be made.
    fn work(&mut self) -> Result<()> {
        while self.tick()? {
            sleep(TICK);
        }
        Ok(())
    }

    /// Ends all runs after their step, with a checkpoint, where the study cannot go on.
    fn give_up(&mut self) {
        for going in &mut self.children {
            drop(going.child.stdin.take());
        }
        for going in &mut self.children {
            let _ = going.child.wait();
        }
        self.view.end();
    }

    /// Looks at all processes once; whether there is more to do.
    fn tick(&mut self) -> Result<bool> {
        let now = Instant::now();
        if !self.stopping && (self.interrupt.is_set() || self.soft.is_some_and(|soft| now >= soft))
        {
            self.stopping = true;
            for going in &mut self.children {
                // The run ends after its step, with a checkpoint.
                drop(going.child.stdin.take());
            }
        }
        if self.deadline.is_some_and(|deadline| now >= deadline) {
            for going in &mut self.children {
                let _ = going.child.kill();
            }
        }
        self.reap()?;
        self.look(now);
        while !self.stopping && self.children.len() < self.share.at_once {
            let Some(index) = self.queue.pop() else {
                break;
            };
            if self.is_whole(index) {
                self.settle(index);
                continue;
            }
            if !self.may_begin(index)? {
                continue;
            }
            let child = self.start(index)?;
            self.children.push(Going { index, child });
        }
        let making = self.children.iter().map(|going| going.index);
        self.view.show(&self.study, &self.runs, making);
        let idle = self.queue.is_empty() && self.elsewhere.is_empty();
        let open = !idle && !self.stopping;
        Ok(open || !self.children.is_empty())
    }

    fn is_whole(&self, index: usize) -> bool {
        matches!(State::of(&self.study, &self.runs[index]), State::Done(_))
    }

    /// Whether a run can begin: the one with whose networks it does is whole. One whose source failed fails too.
    fn may_begin(&mut self, index: usize) -> Result<bool> {
        let Some(source) = self.sources[index] else {
            return Ok(true);
        };
        if self.is_whole(source) {
            return Ok(true);
        }
        if !self.queue.is_settled(source) {
            self.queue.push_behind(source, index);
        } else {
            let name = &self.runs[source].name;
            let error = format!("it begins with the networks of {name}, which failed");
            self.failed(index, 0, error)?;
        }
        Ok(false)
    }

    /// Says that nothing more is done with a run here.
    fn settle(&mut self, index: usize) {
        self.queue.settle(index);
        self.view.changed(index);
    }

    /// Starts the process of a run.
    fn start(&self, index: usize) -> Result<Child> {
        let run = &self.runs[index];
        let path = self.study.log_path(&run.name);
        let place = || path.display().to_string();
        fs::create_dir_all(self.study.state_path(&run.name)).with_context(place)?;
        let log = File::options()
            .append(true)
            .create(true)
            .open(&path)
            .with_context(place)?;
        let mut command = Command::new(env::current_exe().context("this program's file is gone")?);
        command
            .args(["study", "make"])
            .arg(self.study.path())
            .arg(&run.name)
            .args(["--threads", &self.share.threads.to_string()])
            .stdin(Stdio::piped())
            .stdout(log.try_clone().with_context(place)?)
            .stderr(log);
        if self.keep_resume {
            command.arg("--keep-resume");
        }
        command
            .spawn()
            .with_context(|| format!("{} cannot be started", run.name))
    }

    /// Takes in the processes that ended.
    fn reap(&mut self) -> Result<()> {
        let mut ended = Vec::new();
        let mut place = 0;
        while let Some(going) = self.children.get_mut(place) {
            let status = going.child.try_wait();
            match status.context("a process cannot be waited for")? {
                None => place += 1,
                Some(status) => ended.push((self.children.remove(place).index, status)),
            }
        }
        for (index, status) in ended {
            self.ended(index, status)?;
        }
        Ok(())
    }

    fn ended(&mut self, index: usize, status: ExitStatus) -> Result<()> {
        let run = &self.runs[index];
        let state = State::of(&self.study, run);
        if let State::Done(done) = &state {
            let time = span(Duration::try_from_secs_f64(done.seconds).unwrap_or_default());
            self.view.line(&format!("done     {}, in {time}", run.name));
            self.settle(index);
            return Ok(());
        }
        self.view.changed(index);
        if status.code() == Some(i32::from(LEFT_OUT)) && self.leave_out(index)? {
            return Ok(());
        }
        match status.code() {
            Some(code) if code == i32::from(TAKEN) => self.elsewhere.push((index, Instant::now())),
            // It was asked to end; by somebody else where the study goes on.
            Some(code) if code == i32::from(interrupt::STATUS) => self.queue.push_back(index),
            None => self.killed(index, &state)?,
            Some(_) => {
                let run = &self.runs[index];
                let error = last_line(&self.study, run);
                match self.tries[index].failed() {
                    Next::Over(tries) => self.failed(index, tries, error)?,
                    Next::Again => {
                        let name = &run.name;
                        let line = format!("failed   {name}: {error}; is tried once more");
                        self.view.line(&line);
                        self.queue.push_back(index);
                    }
                }
            }
        }
        Ok(())
    }

    /// A run whose process was killed goes on, unless that happens again and again where it gets no further.
    fn killed(&mut self, index: usize, state: &State) -> Result<()> {
        let step = match state {
            State::CutOff(step) => *step,
            _ => 0,
        };
        if let Next::Over(tries) = self.tries[index].killed(step) {
            let error = format!(
                "its process was killed {KILLS} times at step {step}, as when memory runs out"
            );
            return self.failed(index, tries, error);
        }
        if !self.stopping {
            self.view.line(&format!(
                "killed   {} at step {step} or later; goes on",
                self.runs[index].name
            ));
        }
        self.queue.push_front(index);
        Ok(())
    }

    /// Keeps why a run failed that is tried no more.
    fn failed(&mut self, index: usize, tries: u32, error: String) -> Result<()> {
        let run = &self.runs[index];
        self.view.line(&format!("failed   {}: {error}", run.name));
        let failed = Failed { tries, error };
        status::keep(&self.study.failed_path(&run.name), &failed)?;
        self.settle(index);
        Ok(())
    }

    /// Takes out the runs that are no longer in the study, which was planned anew meanwhile; whether this one is of them.
    fn leave_out(&mut self, run: usize) -> Result<bool> {
        let listed = self.study.runs()?;
        let listed: HashSet<&str> = listed.iter().map(|run| run.name.as_str()).collect();
        let making: HashSet<usize> = self.children.iter().map(|going| going.index).collect();
        let is_gone = |index: usize| {
            !listed.contains(self.runs[index].name.as_str())
                && !making.contains(&index)
                && !self.queue.is_settled(index)
        };
        let gone: HashSet<usize> = (0..self.runs.len()).filter(|i| is_gone(*i)).collect();
        // It is back meanwhile.
        if !gone.contains(&run) {
            return Ok(false);
        }
        self.queue.leave_out(|index| gone.contains(&index));
        self.elsewhere.retain(|(index, _)| !gone.contains(index));
        for index in &gone {
            self.left_out[*index] = true;
            self.view.leave_out(*index);
        }
        self.view.line(&format!(
            "left out {} of {} runs: the study was planned anew without them; `study run` makes what is new in it",
            gone.len(),
            self.runs.len()
        ));
        Ok(true)
    }

    /// Looks at runs that other workers have: what they gave up is made here.
    fn look(&mut self, now: Instant) {
        let mut left = Vec::new();
        for (index, looked) in std::mem::take(&mut self.elsewhere) {
            if now - looked < LOOK {
                left.push((index, looked));
                continue;
            }
            match State::of(&self.study, &self.runs[index]) {
                State::Done(_) | State::Failed(_) => self.settle(index),
                State::Going(_) => left.push((index, now)),
                State::Missing | State::CutOff(_) => {
                    self.queue.push_back(index);
                    self.view.changed(index);
                }
            }
        }
        self.elsewhere = left;
    }

    /// Says what came of it.
    fn finish(self) -> Result<ExitCode> {
        self.view.end();
        let runs = self.runs.into_iter().zip(self.left_out);
        let runs: Vec<Planned> = runs
            .filter(|(_, left_out)| !left_out)
            .map(|(run, _)| run)
            .collect();
        let status = Status::of(&self.study, &runs);
        print_line(status::table(&runs, &status).text().trim_end());
        for line in status::failures(&self.study, &runs, &status) {
            print_line(&line);
        }
        print_line(&format!(
            "study    {}: {status}",
            self.study.path().display()
        ));
        if self.stopping && !status.is_over() {
            print_line("stopped; the same command goes on");
            return Ok(ExitCode::from(interrupt::STATUS));
        }
        match status.failed {
            0 => Ok(ExitCode::SUCCESS),
            failed => bail!("{failed} of {} runs failed", runs.len()),
        }
    }
}

/// The last error that a run's process said, else its last line.
fn last_line(study: &StudyDir, run: &Planned) -> String {
    let text = fs::read(study.log_path(&run.name)).unwrap_or_default();
    let text = String::from_utf8_lossy(&text[text.len().saturating_sub(1 << 16)..]).into_owned();
    let mut lines = text.lines().rev().filter(|line| !line.trim().is_empty());
    let error = lines.clone().find_map(|line| line.strip_prefix("error: "));
    error
        .or_else(|| lines.next())
        .unwrap_or("it said nothing")
        .to_owned()
}

#[cfg(test)]
mod tests {
    use rl_algos::recipes;

    use super::*;
    use crate::roster::manifest::tests::planned;
    use crate::roster::status::{Done, keep};

    const MAKING: MakingArgs = MakingArgs {
        jobs: None,
        threads: None,
        budget: None,
        slice: None,
        keep_resume: false,
    };

    #[test]
    fn a_device_that_the_build_has_not_is_told_before_anything_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let run = Planned {
            device: "abacus".to_owned(),
            ..planned("a", 0)
        };
        let made = make(StudyDir::at(folder.path()), vec![run], &MAKING);
        let line = made.unwrap_err().to_string();
        assert!(
            line.starts_with("--device abacus: must be one of"),
            "{line}"
        );
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    /// No clock reaches the end of such a time.
    #[test]
    fn a_budget_may_be_as_long_as_it_can_be_said() {
        let folder = tempfile::tempdir().unwrap();
        let study = StudyDir::at(folder.path());
        let config = recipes::named("rlx2", "Hopper-v5").unwrap();
        let run = Planned {
            config: config.to_toml().unwrap(),
            ..planned("whole", 0)
        };
        fs::create_dir_all(study.run_path("whole")).unwrap();
        fs::write(study.run_path("whole").join("config.toml"), "").unwrap();
        let done = Done {
            length: 100,
            seconds: 1.0,
        };
        keep(&study.done_path("whole"), &done).unwrap();
        let making = MakingArgs {
            budget: Some(Duration::MAX),
            ..MAKING
        };
        assert_eq!(make(study, vec![run], &making).unwrap(), ExitCode::SUCCESS);
    }
}
