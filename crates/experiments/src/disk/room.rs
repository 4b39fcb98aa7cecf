//! Whether a job fits into this machine's memory and on its disk. What cannot fit is refused with its size, before the
//! system ends the process or the disk is full.

use std::fs;
use std::path::{Path, PathBuf};

use anyhow::{Result, bail};
use rl_algos::config::Need;

/// Folder and file in which Linux says how much memory a group of processes may take: cgroups, version 2 and 1.
const LIMITS: [(&str, &str); 2] = [
    ("/sys/fs/cgroup", "memory.max"),
    ("/sys/fs/cgroup/memory", "memory.limit_in_bytes"),
];

/// Refuses needs of `runs` runs at a time that exceed this machine's memory. Where the system does not report its
/// memory, all pass.
///
/// # Errors
/// With the setting that takes most, its bytes and the machine's.
pub(crate) fn memory(needs: &[Need], runs: usize) -> Result<()> {
    match machine() {
        Some(memory) => fits(needs, runs, memory),
        None => Ok(()),
    }
}

fn fits(needs: &[Need], runs: usize, memory: u64) -> Result<()> {
    let all = needs
        .iter()
        .fold(0, |sum: u64, need| sum.saturating_add(need.bytes));
    if all.saturating_mul(runs as u64) <= memory {
        return Ok(());
    }
    // Of several the first: what is behind depends on it.
    let Some(most) = needs.iter().rev().max_by_key(|need| need.bytes) else {
        return Ok(());
    };
    let at_a_time = match runs {
        1 => String::new(),
        runs => format!(", and {runs} runs go at a time"),
    };
    let (field, value) = (most.field, &most.value);
    let rest = match most.bytes == all {
        true => String::new(),
        false => format!(" of the {} that the run takes", said(all)),
    };
    bail!(
        "{field} = {value} takes at least {}{rest}{at_a_time}; this machine has {} of memory; lower it",
        said(most.bytes),
        said(memory)
    )
}

/// Refuses files of `bytes` bytes for `what`, in a folder that may not exist yet, where the disk has less space. Where
/// the system does not report its space, all pass.
///
/// # Errors
/// With both numbers of bytes.
pub(crate) fn disk(what: &str, bytes: u64, folder: &Path) -> Result<()> {
    match free(folder) {
        Some(free) if bytes > free => bail!(
            "{what} takes at least {}; {} has room for {}",
            said(bytes),
            folder.display(),
            said(free)
        ),
        _ => Ok(()),
    }
}

/// Bytes that may still be written below a folder, or where it would be made.
#[cfg(unix)]
fn free(folder: &Path) -> Option<u64> {
    let above = folder
        .ancestors()
        .map(|above| match above.as_os_str().is_empty() {
            true => Path::new("."),
            false => above,
        });
    let room = above
        .into_iter()
        .find_map(|above| rustix::fs::statvfs(above).ok())?;
    room.f_bavail.checked_mul(room.f_frsize)
}

#[cfg(not(unix))]
fn free(_: &Path) -> Option<u64> {
    None
}

/// Bytes of memory that this process may take; `None` where the system does not report it.
pub(crate) fn machine() -> Option<u64> {
    let whole = fs::read_to_string("/proc/meminfo").ok();
    let whole = whole.as_deref().and_then(total);
    let groups = fs::read_to_string("/proc/self/cgroup").unwrap_or_default();
    let limits = limits(&groups).into_iter();
    let limits = limits.filter_map(|file| fs::read_to_string(file).ok());
    let limits = limits.filter_map(|text| text.trim().parse().ok());
    limits.chain(whole).min()
}

/// The files with the limits of this process's groups and of those above them, by `/proc/self/cgroup`.
fn limits(groups: &str) -> Vec<PathBuf> {
    let mut files: Vec<PathBuf> = LIMITS
        .iter()
        .map(|(root, file)| Path::new(root).join(file))
        .collect();
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':').skip(1);
        let (Some(controllers), Some(group)) = (parts.next(), parts.next()) else {
            continue;
        };
        let (root, file) = match controllers {
            "" => LIMITS[0],
            some if some.split(',').any(|name| name == "memory") => LIMITS[1],
            _ => continue,
        };
        let above = Path::new(group.trim_start_matches('/')).ancestors();
        files.extend(above.map(|group| Path::new(root).join(group).join(file)));
    }
    files
}

/// The machine's memory, by `/proc/meminfo`.
fn total(text: &str) -> Option<u64> {
    let line = text
        .lines()
        .find_map(|line| line.strip_prefix("MemTotal:"))?;
    let kilobytes: u64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    kilobytes.checked_mul(1024)
}

/// A number of bytes as people say it.
pub(crate) fn said(bytes: u64) -> String {
    let units = ["bytes", "kB", "MB", "GB", "TB", "PB"];
    let mut size = bytes as f64;
    let mut unit = 0;
    while size >= 999.5 && unit + 1 < units.len() {
        size /= 1000.0;
        unit += 1;
    }
    match size < 9.95 && unit > 0 {
        true => format!("{size:.1} {}", units[unit]),
        false => format!("{size:.0} {}", units[unit]),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_are_those_of_the_groups_that_a_process_is_in() {
        let files = |groups: &str| -> Vec<String> {
            let files = limits(groups).into_iter().skip(2);
            files.map(|file| file.display().to_string()).collect()
        };
        assert_eq!(
            files("0::/a/b\n"),
            [
                "/sys/fs/cgroup/a/b/memory.max",
                "/sys/fs/cgroup/a/memory.max",
                "/sys/fs/cgroup/memory.max"
            ]
        );
        assert_eq!(
            files("5:cpu,cpuacct:/x\n4:memory:/job\n"),
            [
                "/sys/fs/cgroup/memory/job/memory.limit_in_bytes",
                "/sys/fs/cgroup/memory/memory.limit_in_bytes"
            ]
        );
        assert!(files("").is_empty() && files("nonsense").is_empty());
    }

    #[test]
    fn what_cannot_fit_is_refused_with_its_bytes() {
        let need = |field, bytes| Need {
            field,
            value: "7".into(),
            bytes,
        };
        let needs = [need("a", 1_000_000), need("b", 3_000_000_000)];
        assert!(fits(&needs, 1, 4_000_000_000).is_ok());
        let error = fits(&needs, 1, 2_000_000_000).unwrap_err().to_string();
        let expected = "b = 7 takes at least 3.0 GB of the 3.0 GB that the run takes; \
                        this machine has 2.0 GB of memory; lower it";
        assert_eq!(error, expected);
        let error = fits(&needs, 2, 4_000_000_000).unwrap_err().to_string();
        assert!(error.contains("2 runs go at a time"), "{error}");
        let both = [need("a", u64::MAX), need("b", u64::MAX)];
        let error = fits(&both, 3, u64::MAX - 1).unwrap_err().to_string();
        assert!(
            error.starts_with("a = 7 takes at least 18447 PB"),
            "{error}"
        );
    }

    #[test]
    fn the_machine_says_how_much_there_is() {
        let text = "MemTotal:       24000000 kB\nMemFree:  5 kB\n";
        assert_eq!(total(text), Some(24_576_000_000));
        assert_eq!(total("MemTotal: much\n"), None);
        if cfg!(target_os = "linux") {
            assert!(machine().unwrap() > 100_000_000);
        }
    }

    #[test]
    fn a_disk_says_how_much_room_there_is() {
        let folder = tempfile::tempdir().unwrap();
        let below = folder.path().join("not/there");
        disk("this", 1, &below).unwrap();
        if cfg!(unix) {
            let error = disk("that", u64::MAX, &below).unwrap_err().to_string();
            assert!(
                error.starts_with("that takes at least 18447 PB; "),
                "{error}"
            );
        }
    }

    #[test]
    fn sizes_are_short() {
        let said = [0, 999, 1_500, 25_000_000_000, 2_200_000_000_000, u64::MAX].map(said);
        let expected = [
            "0 bytes",
            "999 bytes",
            "1.5 kB",
            "25 GB",
            "2.2 TB",
            "18447 PB",
        ];
        assert_eq!(said, expected);
    }
}
