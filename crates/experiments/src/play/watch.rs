//! `cargo xtask watch`: films an agent, random actions, or a model of one's own, without a display.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use crate::args::watch::WatchArgs;
use anyhow::{Context, Result, bail};
use envs::dynamics::Model;
use envs::render::{Animation, Camera, Picture};
use envs::{Env, Settings, TaskInfo};
use indicatif::ProgressBar;
use rand::RngExt;
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::SeedableRng;
use rl_algos::scale::{ActionRange, to_agent};

use super::own_model::OwnModel;
use crate::folder::output::{Kind, Output, Unfinished};
use crate::folder::places;
use crate::folder::policies::{self, Player};
use crate::settings::{label, set};
use crate::terminal::interrupt::{self, Interrupt};
use crate::terminal::tell::note;
use crate::terminal::tell::print_line;

/// Pixels of a letter's side, per pixel of the font.
const TEXT: usize = 1;

/// Pixels of a film that may take longer than somebody waits without a word.
const MANY: u64 = 50_000_000;

/// Films what was asked for, and tells of it. A film that Ctrl-C ended has a status of its own, and was never there.
///
/// # Errors
/// As [`film`].
pub(crate) fn run(args: &WatchArgs) -> Result<ExitCode> {
    let Some((place, actors)) = film(args)? else {
        return Ok(ExitCode::from(interrupt::STATUS));
    };
    print_line(&format!("{}", place.display()));
    for actor in actors.iter().filter(|_| args.model.is_none()) {
        print_line(&format!(
            "  {}: return {:.1} after {:.2} s{}",
            actor.name,
            actor.sum,
            actor.time,
            if actor.over { ", episode over" } else { "" }
        ));
    }
    Ok(ExitCode::SUCCESS)
}

/// Films what was asked for: where the film is, and who acted in it; `None` where Ctrl-C ended it.
///
/// # Errors
/// When a run cannot be read, does not fit its task, or nothing can be written.
pub(crate) fn film(args: &WatchArgs) -> Result<Option<(PathBuf, Vec<Actor>)>> {
    let mut actors = actors(args)?;
    let mut film = Film::new(args, &actors)?;
    let interrupt = Interrupt::catch()?;
    let frames = (args.seconds * args.fps).ceil() as u64;
    let pixels = args.size[0] * args.size[1] * actors.len();
    if frames.saturating_mul(pixels as u64) > MANY {
        note("many pixels, which take a while; --size and --seconds make them fewer");
    }
    let bar = ProgressBar::new(frames);
    for frame in 0..frames {
        if interrupt.is_set() {
            return Ok(None);
        }
        let time = frame as f64 / args.fps;
        for actor in &mut actors {
            actor.play_to(time)?;
        }
        let mut pictures = actors.iter_mut().map(|actor| actor.picture(args));
        let first = pictures.next().context("nobody to film")??;
        let whole = pictures.try_fold(first, |left, right| anyhow::Ok(left.beside(&right?)))?;
        film.add(&whole)?;
        bar.inc(1);
        if actors.iter().all(|actor| actor.over) {
            break;
        }
    }
    bar.finish_and_clear();
    Ok(Some((film.finish()?, actors)))
}

/// Who acts, each in a world of its own.
fn actors(args: &WatchArgs) -> Result<Vec<Actor>> {
    if let (true, Some(task)) = (args.random, &args.env) {
        let settings = set::over(&Settings::default(), &args.env_set)?;
        let env = envs::make_with(task, &settings)?;
        return Ok(vec![Actor::new(env, "random".into(), None, args)?]);
    }
    if let Some(file) = &args.model {
        let model = Model::from_mjcf(file)?;
        for line in &model.notes {
            note(line);
        }
        let name = model.name.clone();
        let env = OwnModel::new(model).into();
        return Ok(vec![Actor::new(env, name, None, args)?]);
    }
    let wanted = if args.side_by_side { 2 } else { 1 };
    if args.runs.len() != wanted {
        let given = args.runs.len();
        bail!("RUN is given {given} times; give two with --side-by-side, one without");
    }
    let device = sparse_core::device::by_name(args.device.unwrap_or_default().name())?;
    let open = |run: &PathBuf| {
        let trained = policies::of_run(run, args.best)?;
        let settings = set::over(&trained.env_settings, &args.env_set)?;
        let task = envs::make_with(&trained.env, &settings)?;
        let policy = trained.player(task.info(), &device)?;
        Actor::new(task, trained.name, Some(policy), args)
    };
    args.runs.iter().map(open).collect()
}

/// An agent in its world.
pub(crate) struct Actor {
    env: Box<dyn Env>,
    name: String,
    policy: Option<Player>,
    /// Whether actions are random without a policy, or zero.
    random: bool,
    rng: ChaCha8Rng,
    camera: Camera,
    observation: Vec<f64>,
    /// Length of a step (s).
    dt: f64,
    time: f64,
    /// When the camera moved last (s).
    filmed: f64,
    sum: f64,
    over: bool,
}

impl Actor {
    fn new(
        mut env: Box<dyn Env>,
        name: String,
        policy: Option<Player>,
        args: &WatchArgs,
    ) -> Result<Self> {
        let task = env.info().id;
        let mut observation = vec![0.0; env.info().observation.len()];
        env.reset(args.seed, &mut observation)?;
        let (model, state) = env
            .physics()
            .with_context(|| format!("{task} has no physics to film"))?;
        let mut camera = Camera::of(model, state);
        // Arms over tables are seen from above.
        if ["Reacher", "Pusher", "Swimmer"]
            .iter()
            .any(|flat| task.starts_with(flat))
        {
            camera.elevation = -0.9;
        }
        camera.distance *= args.distance;
        camera.azimuth = args.azimuth.map_or(camera.azimuth, f64::to_radians);
        camera.elevation = args.elevation.map_or(camera.elevation, f64::to_radians);
        let dt = model.opt.timestep * env.info().frame_skip as f64;
        Ok(Self {
            name,
            policy,
            random: args.random,
            rng: ChaCha8Rng::seed_from_u64(args.seed),
            camera,
            observation,
            dt,
            env,
            time: 0.0,
            filmed: 0.0,
            sum: 0.0,
            over: false,
        })
    }

    /// Acts until a time (s), or the end of the episode.
    fn play_to(&mut self, time: f64) -> Result<()> {
        while !self.over && self.time + 0.5 * self.dt <= time {
            let action = self.action()?;
            let step = self.env.step(&action, &mut self.observation)?;
            self.sum += step.reward;
            self.time += self.dt;
            self.over = step.terminated || step.truncated;
        }
        Ok(())
    }

    fn action(&mut self) -> Result<Vec<f64>> {
        let TaskInfo { action: ranges, .. } = self.env.info();
        if self.policy.is_none() && !self.random {
            return Ok(vec![0.0; ranges.len()]);
        }
        let range = ActionRange::of(ranges)?;
        let Some(policy) = &mut self.policy else {
            let draw = ranges.iter().map(|q| self.rng.random_range(q.low..=q.high));
            return Ok(draw.collect());
        };
        let mut seen = vec![0.0; self.observation.len()];
        to_agent(&self.observation, &mut seen)?;
        let mut action = vec![0.0; ranges.len()];
        let mut done = vec![0.0; ranges.len()];
        policy.act(&seen, &mut done);
        range.to_task(&done, &mut action);
        Ok(action)
    }

    fn picture(&mut self, args: &WatchArgs) -> Result<Picture> {
        let (model, state) = self.env.physics().context("no physics to film")?;
        self.camera.follow(model, state, self.time - self.filmed);
        self.filmed = self.time;
        let [width, height] = args.size;
        let mut picture = Picture::new(width, height);
        picture.draw(model, state, &self.camera);
        // A model alone is no task and has no return.
        let (heading, line) = if args.model.is_some() {
            (self.name.clone(), format!("{:5.2} s", self.time))
        } else {
            let id = self.env.info().id;
            let line = format!("{:5.2} s  return {:8.1}", self.time, self.sum);
            (format!("{id}  {}", self.name), line)
        };
        picture.write(6, 6, TEXT, &heading);
        picture.write(6, 18, TEXT, &line);
        Ok(picture)
    }
}

/// What the names of frames begin with.
const FRAME: &str = "frame-";

/// Where frames go.
enum Film {
    /// An animation of its own, at a place.
    Animation(PathBuf, Box<Animation<Unfinished>>),
    /// Pictures in a folder, and their number so far.
    Frames(PathBuf, usize),
}

impl Film {
    fn new(args: &WatchArgs, actors: &[Actor]) -> Result<Self> {
        if let Some(folder) = &args.frames {
            return Self::frames(folder);
        }
        let id = label(actors[0].env.info().id).to_lowercase();
        let usual = match (args.runs.first(), &args.model) {
            (Some(run), _) => run.join("watch.gif"),
            (None, Some(file)) => {
                Path::new(file.file_name().unwrap_or_default()).with_extension("gif")
            }
            (None, None) => Path::new(&id).with_extension("gif"),
        };
        let place = args.out.clone().unwrap_or(usual);
        let out = Output::new("--out", &place, Kind::Gif)?.begin()?;
        let [width, height] = args.size;
        let animation = Animation::new(out, width * actors.len(), height, args.fps);
        Ok(Self::Animation(place, Box::new(animation?)))
    }

    /// A folder for frames, without those of another film, which would go on where this one ends.
    fn frames(folder: &Path) -> Result<Self> {
        places::folder("--frames", folder)?;
        let place = || format!("--frames {}", folder.display());
        fs::create_dir_all(folder).with_context(place)?;
        for entry in fs::read_dir(folder).with_context(place)? {
            let name = entry.with_context(place)?.file_name();
            let name = name.to_string_lossy();
            if name.starts_with(FRAME) {
                bail!(
                    "{} holds frames already ({name}); choose another folder",
                    place()
                );
            }
        }
        Ok(Self::Frames(folder.to_owned(), 0))
    }

    fn add(&mut self, picture: &Picture) -> Result<()> {
        match self {
            Self::Animation(place, animation) => animation
                .add(picture)
                .with_context(|| place.display().to_string()),
            Self::Frames(folder, count) => {
                let path = folder.join(format!("{FRAME}{count:05}.png"));
                *count += 1;
                Output::new("--frames", &path, Kind::Png)?.write(&picture.to_png()?)
            }
        }
    }

    /// Puts it in its place; says where that is.
    fn finish(self) -> Result<PathBuf> {
        match self {
            Self::Animation(place, animation) => {
                let out = animation
                    .finish()
                    .with_context(|| place.display().to_string())?;
                out.finish()?;
                Ok(place)
            }
            Self::Frames(folder, _) => Ok(folder),
        }
    }
}
