//! A study in its folder: the list of its runs, from a study file or as it lies there.

use std::collections::{BTreeSet, HashSet};
use std::fs;
use std::path::Path;

use anyhow::{Context, Result, bail};

use super::file::StudyFile;
use super::plan;
use crate::args::study::PlaceArgs;
use crate::args::values::Device;
use crate::disk::whole::replace;
use crate::folder::places;
use crate::roster::manifest::{self, Planned};
use crate::roster::paper::Paper;
use crate::roster::place::StudyDir;
use crate::terminal::tell::note;

/// The study that is meant, and its runs. A study file is planned anew, and its manifest written where it is another.
///
/// # Errors
/// When the file is wrong, or nothing can be written.
pub(super) fn plan_of(
    place: &PlaceArgs,
    device: Option<Device>,
) -> Result<(StudyDir, Vec<Planned>)> {
    let folder = place.folder();
    if place.is_folder() {
        if place.out.is_some() {
            bail!(
                "{} is the folder of a study already; leave --out out",
                place.study.display()
            );
        }
        let study = StudyDir::open(&folder)?;
        let runs = study.runs()?;
        let named = runs.first().map_or("", |run| run.device.as_str());
        if let Some(asked) = device.filter(|device| device.name() != named) {
            bail!(
                "--device {asked}: the runs of {} are of {named}; plan the file anew for another",
                folder.display()
            );
        }
        return Ok((study, runs));
    }
    let file = StudyFile::read(&place.study)?;
    let device = device.unwrap_or_default();
    let runs = plan::runs(&file, device.name(), false);
    let runs = runs.with_context(|| place.study.display().to_string())?;
    listed(&folder, &runs, file.paper.as_ref())
}

/// The study in a folder, with these runs: its manifest is written where it is another.
///
/// # Errors
/// When something else lies there, or nothing can be written.
pub(super) fn listed(
    folder: &Path,
    runs: &[Planned],
    paper: Option<&Paper>,
) -> Result<(StudyDir, Vec<Planned>)> {
    places::folder("--out", folder)?;
    let study = StudyDir::at(folder);
    let path = study.manifest_path();
    let text = manifest::to_text(runs)?;
    if fs::read_to_string(&path).ok().as_ref() != Some(&text) {
        if path.exists() && !is_manifest(&path) {
            bail!(
                "{} is no manifest of a study, and is not replaced; choose another folder with --out",
                path.display()
            );
        }
        tell_gone(&study, runs);
        replace(&path, &text)?;
    }
    for line in paper.into_iter().flat_map(|paper| strangers(paper, runs)) {
        note(&line);
    }
    let path = study.paper_path();
    let text = paper.map(|paper| serde_json::to_string_pretty(paper).map(|text| text + "\n"));
    match text.transpose()? {
        Some(text) if fs::read_to_string(&path).ok().as_ref() == Some(&text) => {}
        Some(text) => replace(&path, &text)?,
        // Of an earlier study file.
        None if path.exists() => {
            fs::remove_file(&path).with_context(|| path.display().to_string())?
        }
        None => {}
    }
    let runs = study.runs()?;
    Ok((study, runs))
}

/// Says how many runs leave the study: its file was changed, or another of the same name has the same folder.
fn tell_gone(study: &StudyDir, runs: &[Planned]) {
    // What is wrong with an old manifest is of no account.
    let before = study.runs().unwrap_or_default();
    let names: HashSet<&str> = runs.iter().map(|run| run.name.as_str()).collect();
    let gone = before
        .iter()
        .filter(|run| !names.contains(run.name.as_str()));
    match gone.count() {
        0 => {}
        gone => note(&format!(
            "note: {gone} of {} runs are no longer in {}; what was made of them stays there",
            before.len(),
            study.path().display()
        )),
    }
}

/// A line for each method that the paper speaks of and no run is of: it is misspelt, or of another study.
fn strangers(paper: &Paper, runs: &[Planned]) -> Vec<String> {
    let own: BTreeSet<&str> = runs.iter().map(|run| run.method.as_str()).collect();
    let own: Vec<&str> = own.into_iter().collect();
    let strange = paper.methods().into_iter();
    let strange = strange.filter(|method| !own.contains(method));
    let line = |method: &str| {
        format!(
            "note: paper: no run here is of `{method}`, which a report can only compare with runs of another study; \
             the methods here: {}",
            own.join(", ")
        )
    };
    strange.map(line).collect()
}

/// Whether a file begins as a manifest does, be it cut off.
fn is_manifest(path: &Path) -> bool {
    let text = fs::read(path).unwrap_or_default();
    let start = b"{\"index\":0,\"of\":";
    let both = text.len().min(start.len());
    text[..both] == start[..both]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn methods_of_a_paper_without_runs_are_told() {
        let text = "tasks = [\"hopper\"]\nrecipes = [\"rlx2\", \"dense\"]\n[paper]\nsource = \"a\"\n\
                    [[paper.claims]]\nmethod = \"rlx2-td3\"\nof = \"dense-td3\"\nkeeps = 0.9\nscore = \"last-30\"\n\
                    [[paper.tables]]\nscore = \"last-30\"\npercent_of = \"dense-td3\"\n\
                    rows = { rlx2-td3 = { Hopper = 97 } }\n";
        let told = |text: &str| {
            let file = StudyFile::parse(text).unwrap();
            let runs = plan::runs(&file, "flex", false).unwrap();
            strangers(&file.paper.unwrap(), &runs)
        };
        assert_eq!(told(text), [""; 0]);
        for (from, to) in [
            ("method = \"rlx2-td3\"", "method = \"rlx2-td4\""),
            ("of = \"dense-td3\"", "of = \"rlx2-td4\""),
            ("percent_of = \"dense-td3\"", "percent_of = \"rlx2-td4\""),
            ("{ rlx2-td3 = {", "{ rlx2-td4 = {"),
        ] {
            let lines = told(&text.replace(from, to));
            assert_eq!(lines.len(), 1, "{to}");
            assert!(
                lines[0].contains("no run here is of `rlx2-td4`")
                    && lines[0].ends_with("the methods here: dense-td3, rlx2-td3"),
                "{}",
                lines[0]
            );
        }
    }
}
