//! A script for Slurm: <https://slurm.schedmd.com/sbatch.html>.

use std::path::Path;
use std::time::Duration;

use super::array::Array;
use crate::terminal::shell::word;

/// Most elements of an array unless a site allows more (`MaxArraySize` is 1,001).
#[cfg(feature = "run")]
pub(super) const MOST_ELEMENTS: usize = 1000;

/// How long before the end of its time an element is asked to end (s). Slurm may be a minute late.
const WARNING: u64 = 120;

/// The script of an array. Its first lines are its options.
pub(super) fn script(array: &Array) -> String {
    let shown = |path: &Path| path.display().to_string();
    let mut options = vec![
        format!("--job-name={}", array.name),
        format!("--array={}", ranges(&array.open)),
        "--ntasks=1".to_owned(),
        format!("--cpus-per-task={}", array.cores),
        format!("--signal=B:TERM@{WARNING}"),
        "--requeue".to_owned(),
        "--open-mode=append".to_owned(),
        format!("--chdir={}", shown(&array.started_in)),
        format!("--output={}", shown(&array.folder.join("slurm-%A-%a.log"))),
    ];
    options.extend(array.time.map(|time| format!("--time={}", clock(time))));
    options.extend(array.options.iter().cloned());
    let options = options.iter().map(|option| match option.split_once('=') {
        // Where a name or a path has a blank.
        Some((key, value)) if value.contains(char::is_whitespace) => {
            format!("#SBATCH {key}=\"{value}\"\n")
        }
        _ => format!("#SBATCH {option}\n"),
    });
    let options: String = options.collect();
    let [program, study] = [&array.program, &array.study].map(|path| word(path));
    let (slices, rest) = (array.slices, array.rest());
    format!(
        r#"#!/bin/bash
{options}
# Element I makes the runs I, I + {slices}, ... of the study, as many at a time as it has cores. Asked to end (SIGTERM: its time is
# nearly over), its runs end after their step with a checkpoint, and it goes back into the queue, from which it goes on.
{program} study run {study} --slice "$SLURM_ARRAY_TASK_ID/{slices}" --jobs "$SLURM_CPUS_PER_TASK"{rest} </dev/null &
worker=$!
asked=
trap 'asked=yes; kill -TERM "$worker" 2>/dev/null' TERM
# A signal ends `wait` as well as the end of the worker does.
while kill -0 "$worker" 2>/dev/null; do
    wait "$worker"
    status=$?
done
# Not where it was cancelled.
if [ "$asked" ] && [ "$status" = 130 ] && [ "$(squeue --noheader --job "$SLURM_JOB_ID" --format %T)" = RUNNING ]; then
    scontrol requeue "$SLURM_JOB_ID"
fi
exit "$status"
"#
    )
}

/// Numbers, ascending, as `0-2,4`.
fn ranges(numbers: &[usize]) -> String {
    let mut all: Vec<(usize, usize)> = Vec::new();
    for &number in numbers {
        match all.last_mut() {
            Some((_, end)) if *end + 1 == number => *end = number,
            _ => all.push((number, number)),
        }
    }
    let range = |(start, end): &(usize, usize)| match start == end {
        true => start.to_string(),
        false => format!("{start}-{end}"),
    };
    all.iter().map(range).collect::<Vec<_>>().join(",")
}

/// A time as `days-hours:minutes:seconds`.
fn clock(time: Duration) -> String {
    let seconds = time.as_secs();
    let [minutes, hours, days] = [60, 3600, 86_400].map(|unit| seconds / unit);
    format!(
        "{days}-{:02}:{:02}:{:02}",
        hours % 24,
        minutes % 60,
        seconds % 60
    )
}

#[cfg(test)]
mod tests {
    use super::super::array::tests::array;
    use super::*;

    #[test]
    fn a_script_has_the_options_first_and_quotes_paths() {
        let script = script(&array());
        let lines: Vec<&str> = script.lines().collect();
        assert_eq!(lines[0], "#!/bin/bash");
        let end = lines.iter().position(|line| line.is_empty()).unwrap();
        assert_eq!(
            lines[1..end],
            [
                "#SBATCH --job-name=\"a table\"",
                "#SBATCH --array=0-2,4",
                "#SBATCH --ntasks=1",
                "#SBATCH --cpus-per-task=8",
                "#SBATCH --signal=B:TERM@120",
                "#SBATCH --requeue",
                "#SBATCH --open-mode=append",
                "#SBATCH --chdir=/srv/me",
                "#SBATCH --output=\"/data/studies/a table/submit/slurm-%A-%a.log\"",
                "#SBATCH --time=1-12:05:07",
                "#SBATCH --partition=short",
            ]
        );
        let run = r#"'/opt/it'\''s/run' study run '/data/studies/a table' --slice "$SLURM_ARRAY_TASK_ID/6" --jobs "$SLURM_CPUS_PER_TASK" --threads 1 </dev/null &"#;
        assert!(lines.contains(&run), "{script}");
    }

    #[test]
    fn the_shell_reads_the_script() {
        let mut array = array();
        array.keep_resume = true;
        let path = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(path.path(), script(&array)).unwrap();
        let read = std::process::Command::new("bash")
            .arg("-n")
            .arg(path.path())
            .output();
        // Where there is no bash, its scripts are not run either.
        let Ok(read) = read else { return };
        assert!(
            read.status.success(),
            "{}",
            String::from_utf8_lossy(&read.stderr)
        );
    }

    #[test]
    fn numbers_in_a_row_are_ranges() {
        for (numbers, text) in [
            (vec![], ""),
            (vec![3], "3"),
            (vec![0, 1, 3, 5, 6, 7], "0-1,3,5-7"),
        ] {
            assert_eq!(ranges(&numbers), text);
        }
    }
}
