use std::collections::BTreeMap;

use super::*;
use crate::folder::names::REPORT;
use crate::roster::manifest;
use crate::runs::tests::{planned, settings, study, write_run};

fn options() -> Options {
    Options {
        title: "a <study> & more".to_owned(),
        summary: Summary::Last,
        baseline: None,
        keeps: None,
        centre: Centre::Iqm,
        made: ["cargo xtask report runs".to_owned(), "version 0".to_owned()],
        papers: Vec::new(),
        film: None,
        markdown: false,
    }
}

/// Everything opens from the disk: no address of a network is loaded.
#[test]
fn the_page_needs_nothing_else() {
    let folder = tempfile::tempdir().unwrap();
    let report = build(&study(folder.path()), &options(), &|_| None).unwrap();
    let page = &report.text;
    assert!(page.starts_with(REPORT) && page.trim_end().ends_with("</html>"));
    assert!(page.contains("a &lt;study&gt; &amp; more") && !page.contains("<study>"));
    for attribute in ["src=\"", "href=\""] {
        let links = page.split(attribute).skip(1);
        for link in links.map(|rest| rest.split('"').next().unwrap()) {
            let own = ["data:", "#", "figures/", "scores.csv", "evaluations.csv"];
            assert!(own.iter().any(|start| link.starts_with(start)), "{link}");
        }
    }
    assert!(!page.contains("@import") && !page.contains("url("));
    assert_eq!(page.matches("<details id=").count(), 12);
}

#[test]
fn a_papers_numbers_stand_beside_ours() {
    let folder = tempfile::tempdir().unwrap();
    let set = study(folder.path());
    let (task, method) = (set.tasks()[0].to_owned(), set.methods()[0].to_owned());
    let dense = set.methods()[1].to_owned();
    let name = task.split("-v").next().unwrap();
    let text = format!(
        "{{\"source\": \"a <paper>\", \"not_comparable\": [\"evaluations\"], \"tables\": [\
         {{\"title\": \"returns\", \"score\": \"last\", \"rows\": {{\"{method}\": {{\"{name}\": [4321.0, 12.0], \"Mars\": 5}}, \
         \"another\": {{\"{name}\": 7}}}}}}, {{\"title\": \"shares\", \"score\": \"last\", \"percent_of\": \"{dense}\", \
         \"rows\": {{\"{method}\": {{\"{name}\": 99.9}}}}}}]}}"
    );
    let mut options = options();
    options.papers = vec![serde_json::from_str(&text).unwrap()];
    let page = build(&set, &options, &|_| None).unwrap().text;
    let section = page.split("<h2>Beside the paper</h2>").nth(1).unwrap();
    let section = section.split("<h2>").next().unwrap();
    assert!(section.contains("a &lt;paper&gt;") && section.contains("<li>evaluations</li>"));
    let mean = |method: &str| {
        let runs = set.of(&task, method);
        let last = runs
            .iter()
            .map(|run| *run.column(RETURN).unwrap().last().unwrap());
        last.sum::<f64>() / runs.len() as f64
    };
    let own = words::value(mean(&method));
    assert!(
        section.contains(&format!("<td>4,321 ± 12<br>{own} ±")),
        "{section}"
    );
    let share = words::value(100.0 * mean(&method) / mean(&dense));
    assert!(
        section.contains(&format!("<td>99.9<br>{share} ±")),
        "{section}"
    );
    // What there are no runs of.
    assert!(section.contains("<th>Mars</th>") && section.contains("<td>5.000<br>–</td>"));
    assert!(section.contains("<th>another</th>") && section.contains("<td>7.000<br>–</td>"));
    options.papers[0].tables[0].score = "frist".to_owned();
    let error = format!("{:#}", build(&set, &options, &|_| None).unwrap_err());
    assert!(
        error.contains("`returns`") && error.contains("last-10"),
        "{error}"
    );
}

/// A method's name in the paper is the study's, whatever the set calls it.
#[test]
fn a_papers_rows_follow_their_methods() {
    let text = "{\"source\": \"p\", \"tables\": [{\"title\": \"t\", \"score\": \"last\", \"percent_of\": \"dense\", \
                \"rows\": {\"wide\": {\"Hopper\": 5}}}]}";
    let paper: Paper = serde_json::from_str(text).unwrap();
    let paper = paper.calling(|method| format!("{method} (a)"));
    let table = &paper.tables[0];
    assert_eq!(table.percent_of.as_deref(), Some("dense (a)"));
    assert!(table.rows.contains_key("wide (a)"), "{table:?}");
}

/// RLx2's runs have half the return of the dense ones, in both tasks and together.
#[test]
fn a_share_that_is_to_be_kept_is_judged() {
    let folder = tempfile::tempdir().unwrap();
    let set = study(folder.path());
    let section = |options: &Options, markdown: bool| -> Result<String> {
        let options = Options {
            markdown,
            ..options.clone()
        };
        let text = build(&set, &options, &|_| None)?.text;
        let (from, to) = match markdown {
            true => ("## Claims", "\n## "),
            false => ("<h2>Claims</h2>", "<h2>"),
        };
        let rest = text.split(from).nth(1).unwrap_or_default();
        Ok(rest.split(to).next().unwrap_or_default().to_owned())
    };
    let words = ["<b>reproduced</b>", "<b>refuted</b>", "undecided"];
    let verdicts = |options: &Options| {
        [false, true].map(|markdown| {
            let text = section(options, markdown).unwrap();
            words.map(|word| text.matches(word).count())
        })
    };
    let keeping = |share| Options {
        keeps: Some(share),
        ..options()
    };
    assert_eq!(verdicts(&keeping(0.05)), [[3, 0, 0]; 2]);
    assert_eq!(verdicts(&keeping(3.0)), [[0, 3, 0]; 2]);
    // Half of it, and from a quarter on: nobody knows.
    assert_eq!(verdicts(&keeping(0.6)), [[0, 0, 3]; 2]);
    assert_eq!(verdicts(&options()), [[0; 3]; 2]);
    // A paper's claim is its own, whatever the report's; one of what was not run is told.
    let claim = |method: &str| {
        format!(
            "{{\"method\": \"{method}\", \"of\": \"dense-td3\", \"keeps\": 3.0, \"score\": \"last-30\"}}"
        )
    };
    let text = format!(
        "{{\"source\": \"p\", \"claims\": [{}, {}]}}",
        claim("rlx2-td3"),
        claim("absent")
    );
    let mut of_paper = options();
    of_paper.papers = vec![serde_json::from_str(&text).unwrap()];
    assert_eq!(verdicts(&of_paper), [[0, 3, 0]; 2]);
    let said = section(&of_paper, true).unwrap();
    assert!(
        said.contains("Not judged: there is no run of absent here."),
        "{said}"
    );
    // Two runs of a task, or runs of another length, say nothing; together it is of what both have.
    let run = |name: &str| folder.path().join(name);
    std::fs::remove_dir_all(run("Reacher-v5-rlx2-td3-s2")).unwrap();
    let fewer = RunSet::read(&[folder.path().to_owned()]).unwrap();
    let said = build(&fewer, &keeping(3.0), &|_| None).unwrap().text;
    assert_eq!(said.matches(words[1]).count(), 1, "{said}");
    for name in ["Reacher-v5-rlx2-td3-s0", "Reacher-v5-rlx2-td3-s1"] {
        std::fs::remove_dir_all(run(name)).unwrap();
    }
    let fewer = RunSet::read(&[folder.path().to_owned()]).unwrap();
    let said = build(&fewer, &keeping(3.0), &|_| None).unwrap().text;
    assert_eq!(said.matches(words[1]).count(), 1);
    assert!(
        said.contains("Not judged in Reacher-v5: not both have runs of it."),
        "{said}"
    );
    for seed in 0..3 {
        let path = run(&format!("Hopper-v5-rlx2-td3-s{seed}")).join("metrics.csv");
        let text = std::fs::read_to_string(&path).unwrap();
        let text: Vec<&str> = text.lines().collect();
        std::fs::write(&path, text[..text.len() - 2].join("\n") + "\n").unwrap();
    }
    let shorter = RunSet::read(&[folder.path().to_owned()]).unwrap();
    let said = build(&shorter, &keeping(3.0), &|_| None).unwrap().text;
    assert_eq!(said.matches(words[1]).count(), 0, "{said}");
    // Without a dense method there is nothing to keep a share of.
    for entry in std::fs::read_dir(folder.path()).unwrap() {
        let path = entry.unwrap().path();
        if path.display().to_string().contains("dense") {
            std::fs::remove_dir_all(path).unwrap();
        }
    }
    let alone = RunSet::read(&[folder.path().to_owned()]).unwrap();
    let error = build(&alone, &keeping(0.9), &|_| None)
        .unwrap_err()
        .to_string();
    assert!(error.contains("--baseline names one"), "{error}");
}

/// Markdown has the page's tables, and only pictures that are written beside it.
#[test]
fn the_markdown_holds_what_the_page_holds() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        markdown: true,
        made: [
            "cargo xtask report --title 'a --> b'".to_owned(),
            String::new(),
        ],
        ..options()
    };
    let report = build(&study(folder.path()), &options, &|_| None).unwrap();
    let text = &report.text;
    assert!(text.starts_with(crate::folder::names::MARKDOWN));
    // The comment ends after the command.
    let (comment, _) = text.split_once("-->").unwrap();
    assert!(comment.ends_with("'a --''> b'`. "), "{comment}");
    assert!(text.contains("# a &lt;study&gt; &amp; more"));
    for cell in [
        "<small>[-0.667, -0.333]</small>",
        "seeds 0 1 2",
        "P(better than dense-td3)",
    ] {
        assert!(text.contains(cell), "{cell}");
    }
    let runs = text.split("## Runs").nth(1).unwrap();
    assert_eq!(runs.matches("| Hopper-v5 |").count(), 6);
    let pictures: Vec<&str> = text.split("](").skip(1).collect();
    let pictures: Vec<&str> = pictures
        .iter()
        .map(|t| t.split(')').next().unwrap())
        .collect();
    assert_eq!(pictures, ["figures/curves.svg", "figures/aggregates.svg"]);
}

/// Links lead to places that are there, each once.
#[test]
fn links_lead_to_runs() {
    let folder = tempfile::tempdir().unwrap();
    let page = build(&study(folder.path()), &options(), &|_| None)
        .unwrap()
        .text;
    let mut places: BTreeMap<&str, usize> = BTreeMap::new();
    for place in page.split(" id=\"").skip(1) {
        *places.entry(place.split('"').next().unwrap()).or_default() += 1;
    }
    assert!(places.values().all(|count| *count == 1), "{places:?}");
    let links: Vec<&str> = page
        .split("href=\"#")
        .skip(1)
        .map(|rest| rest.split('"').next().unwrap())
        .collect();
    assert_eq!(links.len(), 12);
    assert!(links.iter().all(|link| places.contains_key(link)));
}

#[test]
fn runs_that_a_study_plans_and_has_not_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let runs = [("x", "wide"), ("y", "narrow"), ("z", "narrow")];
    let runs = runs.map(|(name, method)| planned(name, method));
    let manifest = manifest::to_text(&runs).unwrap();
    let study = folder.path().join("a");
    std::fs::create_dir(&study).unwrap();
    std::fs::write(study.join("manifest.jsonl"), manifest).unwrap();
    let run = settings("Hopper-v5", "rlx2-td3", 0);
    write_run(&study.join("runs/x"), &run, &[1.0, 2.0]);
    // A study that is named by several paths and found in a folder is one.
    let path = folder.path().to_owned();
    let set = RunSet::read(&[study.clone(), study.join("../a"), path]).unwrap();
    let text = build(&set, &options(), &|_| None).unwrap().text;
    let counts =
        "1 run in 1 task by 1 method with 1 seed. Planned and not here: 2 of narrow in Hopper-v5.";
    assert!(text.contains(counts), "{text}");
    assert!(!text.contains("Of two or three seeds") && text.contains("<h2>Aggregates</h2>"));
}

/// Dense means are 200 and 20, RLx2's 100 and 10.
#[test]
fn the_tables_hold_the_scores() {
    let folder = tempfile::tempdir().unwrap();
    let report = build(&study(folder.path()), &options(), &|_| None).unwrap();
    for text in [
        "Of two or three seeds the interquartile mean is the mean",
        "<h2>All tasks together</h2>",
        "<td>200 ± 100<br>",
        "<td>20.0 ± 10.0<br>",
        "<td>10.0 ± 5.0<br>",
        "share of dense-td3&#39;s mean return",
        "P(better than dense-td3)",
        "-0.500 <small>[-0.667, -0.333]</small>",
    ] {
        let text = text.replace("&#39;", "'");
        assert!(report.text.contains(&text), "{text}");
    }
    assert!(
        report.scores.contains("rlx2-td3,Reacher-v5,2,15\n"),
        "{}",
        report.scores
    );
    let names: Vec<&str> = report.figures.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["curves", "aggregates", "together"]);
}

/// Resampling one run gives that run again.
#[test]
fn a_single_run_is_said_to_have_no_interval() {
    let folder = tempfile::tempdir().unwrap();
    let page = build(&study(folder.path()), &options(), &|_| None).unwrap();
    assert!(!page.text.contains("With one run") && page.text.contains("With two or three runs"));
    for seed in ["s1", "s2"] {
        let run = folder.path().join(format!("Hopper-v5-rlx2-td3-{seed}"));
        std::fs::remove_dir_all(run).unwrap();
    }
    let set = RunSet::read(&[folder.path().to_owned()]).unwrap();
    let page = build(&set, &options(), &|_| None).unwrap().text;
    for said in [
        "With one run in some task, so that intervals are too narrow, or none: rlx2-td3.",
        "With two or three runs in some task, so that intervals are too narrow: dense-td3.",
    ] {
        assert!(page.contains(said), "{page}");
    }
}

#[test]
fn without_a_scale_the_page_says_why() {
    let folder = tempfile::tempdir().unwrap();
    let set = study(folder.path());
    for name in ["dense-td3-s0", "dense-td3-s1", "dense-td3-s2"] {
        let run = folder.path().join(format!("Hopper-v5-{name}"));
        std::fs::remove_dir_all(run).unwrap();
    }
    let other = RunSet::read(&[folder.path().to_owned()]).unwrap();
    assert!(set.runs().len() > other.runs().len());
    let page = build(&other, &options(), &|_| None).unwrap().text;
    assert!(
        page.contains("Not shown: dense-td3 has no run in some task"),
        "{page}"
    );
}

/// What a browser without a window says of a page on its console, and what is in it when its scripts have run; `None`
/// where there is no Chromium.
fn browser(page: &std::path::Path) -> Option<(Vec<String>, String)> {
    let profile = tempfile::tempdir().unwrap();
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let output = names.iter().find_map(|name| {
        let mut command = std::process::Command::new(name);
        command.args([
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-extensions",
        ]);
        command.args(["--enable-logging=stderr", "--dump-dom"]);
        command.arg(format!("--user-data-dir={}", profile.path().display()));
        command
            .arg(format!("file://{}", page.display()))
            .output()
            .ok()
    })?;
    let said = String::from_utf8_lossy(&output.stderr);
    let said = said.lines().filter(|line| line.contains(":CONSOLE"));
    let said = said.map(str::to_owned).collect();
    Some((said, String::from_utf8_lossy(&output.stdout).into_owned()))
}

/// In Chromium, where the machine has it: no word on the console, all pictures have a size.
#[test]
fn a_browser_has_nothing_to_complain_of() {
    let folder = tempfile::tempdir().unwrap();
    let broken = folder.path().join("broken.html");
    std::fs::write(&broken, "<script>absent()</script>").unwrap();
    let Some((said, _)) = browser(&broken) else {
        return;
    };
    assert_eq!(said.len(), 1, "a mistake is heard: {said:?}");
    let results = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docs/results");
    let runs = ["1m/walker2d-rlx2-td3-s1", "1m/walker2d-dense-td3-s0"];
    let runs: Vec<_> = runs
        .iter()
        .map(|run| format!("{results}/{run}").into())
        .collect();
    let set = RunSet::read(&runs).unwrap();
    let film = b"GIF89a\x01\0\x01\0\x80\0\0\0\0\0\xff\xff\xff!\xf9\x04\0\0\0\0\0,\0\0\0\0\x01\0\x01\0\0\x02\x02D\x01\0;";
    let options = Options {
        film: Some((film.to_vec(), "a film".to_owned())),
        ..options()
    };
    let page = build(&set, &options, &|_| None).unwrap().text;
    // Counted in the browser: pictures that it could not read have no width.
    let path = folder.path().join("index.html");
    let counting = "<script>addEventListener('load',()=>{const p=[...document.images];document.title=\
                    'seen '+p.length+' '+p.filter(i=>i.naturalWidth>0).length})</script></body>";
    std::fs::write(&path, page.replace("</body>", counting)).unwrap();
    let (said, seen) = browser(&path).unwrap();
    assert_eq!(said, Vec::<String>::new());
    // The film, and the first layers of an actor and two critics.
    assert!(seen.contains("<title>seen 4 4</title>"), "{}", &seen[..600]);
}
