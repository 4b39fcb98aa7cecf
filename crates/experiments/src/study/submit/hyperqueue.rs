//! An array for HyperQueue: a JSON array with an entry for each task, and the script that a task runs
//! (<https://it4innovations.github.io/hyperqueue/stable/jobs/arrays/>).

use std::ffi::OsString;
use std::path::Path;

use super::array::Array;
use crate::terminal::shell::word;

/// The entries: a task gets its own as JSON in `HQ_ENTRY`.
pub(super) fn entries(array: &Array) -> String {
    let slices = array.open.iter();
    let slices: Vec<String> = slices
        .map(|i| format!("\"{i}/{}\"", array.slices))
        .collect();
    format!("[\n  {}\n]\n", slices.join(",\n  "))
}

/// What a task runs. A task whose worker is lost is begun again by HyperQueue, and goes on from its runs' checkpoints.
pub(super) fn script(array: &Array) -> String {
    let [program, study] = [&array.program, &array.study].map(|path| word(path));
    let (cores, rest) = (array.cores, array.rest());
    format!(
        "#!/bin/bash\n# HQ_ENTRY is a slice of the study, a string of JSON.\n\
         exec {program} study run {study} --slice \"${{HQ_ENTRY//\\\"/}}\" --jobs {cores}{rest} </dev/null\n"
    )
}

/// The words after `hq` that submit the array.
pub(super) fn words(array: &Array, entries: &Path, script: &Path) -> Vec<OsString> {
    let mut words: Vec<OsString> = vec!["submit".into()];
    let mut option = |key: &str, value: &dyn AsRef<std::ffi::OsStr>| {
        let mut word = OsString::from(format!("--{key}="));
        word.push(value);
        words.push(word);
    };
    option("name", &array.name);
    option("from-json", &entries);
    option("cpus", &array.cores.to_string());
    option("cwd", &array.started_in);
    for stream in ["stdout", "stderr"] {
        let file = format!("hyperqueue-%{{JOB_ID}}-%{{TASK_ID}}.{stream}");
        option(stream, &array.folder.join(file));
    }
    if let Some(time) = array.time {
        option("time-request", &format!("{}s", time.as_secs()));
    }
    words.extend(array.options.iter().map(OsString::from));
    words.extend(["--".into(), "bash".into(), script.into()]);
    words
}

#[cfg(test)]
mod tests {
    use super::super::array::tests::array;
    use super::*;

    #[test]
    fn entries_are_the_slices_that_are_open() {
        let entries = entries(&array());
        let read: Vec<String> = serde_json::from_str(&entries).unwrap();
        assert_eq!(read, ["0/6", "1/6", "2/6", "4/6"]);
    }

    #[test]
    fn a_task_makes_the_slice_of_its_entry() {
        let folder = tempfile::tempdir().unwrap();
        let program = folder.path().join("say what");
        std::fs::write(&program, "#!/bin/bash\nprintf '%s\\n' \"$@\"\n").unwrap();
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            std::fs::set_permissions(&program, PermissionsExt::from_mode(0o755)).unwrap();
        }
        let script = script(&Array {
            program,
            keep_resume: true,
            ..array()
        });
        let said = std::process::Command::new("bash")
            .args(["-c", &script])
            .env("HQ_ENTRY", "\"4/6\"")
            .output();
        // Where there is no bash, its scripts are not run either.
        let Ok(said) = said else { return };
        let words = String::from_utf8(said.stdout).unwrap();
        let expected = [
            "study",
            "run",
            "/data/studies/a table",
            "--slice",
            "4/6",
            "--jobs",
            "8",
            "--threads",
            "1",
            "--keep-resume",
        ];
        assert_eq!(words.lines().collect::<Vec<_>>(), expected);
    }

    #[test]
    fn options_stand_before_the_script() {
        let words = words(&array(), "e.json".as_ref(), "s.sh".as_ref());
        let words: Vec<&str> = words.iter().map(|word| word.to_str().unwrap()).collect();
        assert_eq!(
            words,
            [
                "submit",
                "--name=a table",
                "--from-json=e.json",
                "--cpus=8",
                "--cwd=/srv/me",
                "--stdout=/data/studies/a table/submit/hyperqueue-%{JOB_ID}-%{TASK_ID}.stdout",
                "--stderr=/data/studies/a table/submit/hyperqueue-%{JOB_ID}-%{TASK_ID}.stderr",
                "--time-request=129907s",
                "--partition=short",
                "--",
                "bash",
                "s.sh",
            ]
        );
    }
}
