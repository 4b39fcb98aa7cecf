//! Words that do not belong where they stand: `unsafe`, printing, clocks, masks in algorithms.

use super::Finding;
use super::source::{Source, Token};

/// The libraries. Binaries, tests and chores are free.
const LIBRARIES: [&str; 5] = [
    EXPERIMENTS,
    "crates/envs/src/",
    "crates/sparse-core/src/",
    "crates/rl-algos/src/",
    "crates/offline-prune/src/",
];

/// The library of what an experimenter does, which may read the clock and the environment.
const EXPERIMENTS: &str = "crates/experiments/src/";

/// The one place that prints.
const TELL: &str = "crates/experiments/src/terminal/tell.rs";

/// Where `unsafe` is at home: the SIMD kernels.
const UNSAFE: &str = "crates/sparse-core/src/kernels/";

/// The one other thing that needs it: a test that counts allocations.
const ALLOCATOR: &str = "GlobalAlloc";

/// Words that make a library talk.
const PRINTS: [(&[&str], &str); 6] = [
    (&["println", "!"], "a library does not print"),
    (&["print", "!"], "a library does not print"),
    (&["eprintln", "!"], "a library does not print"),
    (&["eprint", "!"], "a library does not print"),
    (&["io", ":", ":", "stdout"], "a library does not print"),
    (&["io", ":", ":", "stderr"], "a library does not print"),
];

/// Words that make a library read the environment.
const READS: [(&[&str], &str); 1] = [(
    &["env", ":", ":", "var*"],
    "a library does not read the environment",
)];

/// Words that draw from a global generator.
const GLOBAL: [(&[&str], &str); 2] = [
    (
        &["rand", ":", ":", "rng"],
        "randomness is passed in, never global",
    ),
    (&["thread_rng"], "randomness is passed in, never global"),
];

/// Algorithms and criteria.
const LEARNING: [&str; 3] = [
    "crates/rl-algos/src/algos/",
    "crates/offline-prune/src/algos/",
    "crates/offline-prune/src/criteria/",
];

const CLOCKS: [(&[&str], &str); 2] = [
    (&["Instant"], "a library does not read the clock"),
    (&["SystemTime"], "a library does not read the clock"),
];

/// Names of a sparse network's internals, which an algorithm never sees. It may pass settings on.
const INSIDE: [(&[&str], &str); 8] = [
    (&["let", "mask"], "an algorithm names no mask"),
    (&["mask", ":"], "an algorithm names no mask"),
    (&["mask_*"], "an algorithm names no mask"),
    (&["masks"], "an algorithm names no mask"),
    (&["masked*"], "an algorithm names no mask"),
    (&["moment*"], "an algorithm names no optimizer moment"),
    (&["indices"], "an algorithm names no index array"),
    (&["Pattern"], "an algorithm names no pattern"),
];

/// The places that these rules know. One where nothing is now lies elsewhere, and its rule would find nothing.
pub(crate) fn places() -> impl Iterator<Item = &'static str> {
    LIBRARIES.into_iter().chain(LEARNING).chain([TELL, UNSAFE])
}

/// Checks one file.
pub(crate) fn check(source: &Source) -> Vec<Finding> {
    let mut findings = Vec::new();
    let counts = source.tokens.iter().any(|t| t.test && t.text == ALLOCATOR);
    if !source.path.starts_with(UNSAFE) && !counts {
        let found = source.tokens.iter().filter(|token| token.text == "unsafe");
        let what = format!("`unsafe` belongs under {UNSAFE}");
        findings.extend(found.map(|t| Finding::at(&source.path, t.line, &what)));
    }
    if LIBRARIES
        .iter()
        .any(|library| source.path.starts_with(library))
    {
        findings.extend(find(source, &GLOBAL));
        if source.path != TELL {
            findings.extend(find(source, &PRINTS));
        }
        let is_experiments = source.path.starts_with(EXPERIMENTS);
        if !is_experiments {
            findings.extend(find(source, &READS));
            findings.extend(find(source, &CLOCKS));
        }
        if LEARNING
            .iter()
            .any(|folder| source.path.starts_with(folder))
        {
            findings.extend(find(source, &INSIDE));
        }
    }
    findings
}

/// Every place outside tests where one of the sequences stands.
fn find(source: &Source, rules: &[(&[&str], &str)]) -> Vec<Finding> {
    let tokens: Vec<&Token> = source.tokens.iter().filter(|token| !token.test).collect();
    let mut findings = Vec::new();
    for (sequence, what) in rules {
        for window in tokens.windows(sequence.len()) {
            let mut pairs = window.iter().zip(*sequence);
            if pairs.all(|(token, pattern)| matches(&token.text, pattern)) {
                let what = format!("`{}`: {what}", window[0].text);
                findings.push(Finding::at(&source.path, window[0].line, what));
            }
        }
    }
    findings
}

/// Whether a word is the pattern, or starts with it when the pattern ends in `*`.
fn matches(word: &str, pattern: &str) -> bool {
    match pattern.strip_suffix('*') {
        Some(start) => word.starts_with(start),
        None => word == pattern,
    }
}

#[cfg(test)]
mod tests {
    use super::super::source::read;
    use super::*;

    fn found(path: &str, text: &str) -> usize {
        check(&read(path, text).unwrap()).len()
    }

    #[test]
    fn unsafe_stays_in_the_kernels() {
        let text = "fn f() { unsafe { g() } }";
        assert_eq!(found("crates/sparse-core/src/nn/linear.rs", text), 1);
        assert_eq!(found("xtask/src/main.rs", text), 1);
        assert_eq!(found("crates/sparse-core/src/kernels/avx2.rs", text), 0);
        assert_eq!(
            found("crates/envs/src/lib.rs", "#![deny(unsafe_code)]\n// unsafe"),
            0
        );
    }

    #[test]
    fn libraries_are_silent_and_timeless() {
        let library = "crates/rl-algos/src/train.rs";
        for bad in [
            "fn f() { println!(); }",
            "fn f() { eprint!(\"x\"); }",
            "fn f() { let t = std::time::Instant::now(); }",
            "use std::time::SystemTime;",
            "fn f() { std::env::var(\"X\"); }",
            "fn f() { env::vars(); }",
            "fn f() { rand::rng(); }",
        ] {
            assert_eq!(found(library, bad), 1, "{bad}");
            assert_eq!(found("xtask/src/main.rs", bad), 0, "{bad}");
            let in_test = format!("#[cfg(test)]\nmod tests {{ {bad} }}");
            assert_eq!(found(library, &in_test), 0, "{bad}");
        }
        assert_eq!(found(library, "/// println!(\"x\")\nfn print() {}"), 0);
    }

    #[test]
    fn experiments_print_in_one_place_and_read_clocks() {
        let print = "fn f() { std::io::stdout().lock(); }";
        assert_eq!(found(TELL, print), 0);
        let other = "crates/experiments/src/terminal/table.rs";
        assert_eq!(found(other, print), 1);
        assert_eq!(found(other, "fn f() { println!(); }"), 1);
        assert_eq!(found(other, "fn f() { rand::rng(); }"), 1);
        assert_eq!(found(other, "use std::time::Instant;"), 0);
        assert_eq!(found(other, "fn f() { std::env::var(\"X\"); }"), 0);
    }

    #[test]
    fn only_experiments_read_the_clock() {
        let text = "use std::time::Instant;";
        assert_eq!(found("crates/experiments/src/observers/csv.rs", text), 0);
        assert_eq!(found("crates/rl-algos/src/train/observer.rs", text), 1);
    }

    #[test]
    fn algorithms_know_no_masks() {
        let algorithm = "crates/rl-algos/src/algos/td3.rs";
        for bad in [
            "fn f(masks: &[u8]) {}",
            "fn f(mask: Tensor<2>) {}",
            "fn f() { let mask = g(); }",
            "fn f() { w.masked_fill(0) }",
            "fn f() { adam.moments() }",
        ] {
            assert_eq!(found(algorithm, bad), 1, "{bad}");
            assert_eq!(found("crates/sparse-core/src/nn/linear.rs", bad), 0);
        }
        assert_eq!(found(algorithm, "fn f() { c.with_mask(shared.mask) }"), 0);
    }
}
