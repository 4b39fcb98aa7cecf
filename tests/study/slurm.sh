#!/usr/bin/env bash
# A study on a real Slurm of one node: six runs as an array of three elements, of which one is asked to end (scancel --batch
# --signal=TERM), goes back into the queue and goes on. All that its runs write is what the local engine's runs write, but for times.
# Then an array that is cancelled for good, which the local engine finishes.
#
#   tests/study/slurm.sh [PROGRAM]      PROGRAM: the training binary [default: target/release/run]
#
# Not part of continuous integration: it needs root and Slurm (apt-get install slurmctld slurmd slurm-client munge), two minutes.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/study/common.sh
. tests/study/common.sh
# shellcheck source=tests/study/slurm_cluster.sh
. tests/study/slurm_cluster.sh

for needed in slurmctld slurmd sbatch munged; do
    if ! command -v "$needed" >/dev/null; then
        echo "NOTICE: no $needed: the test of Slurm is skipped"
        exit 0
    fi
done
if [ "$(id -u)" != 0 ]; then
    echo "NOTICE: not root, and slurmd has to be: the test of Slurm is skipped"
    exit 0
fi
# The training binary.
program=$(realpath "${1:-target/release/run}")
scratch=$(mktemp -d)
end() {
    stop_cluster "$scratch/cluster"
    rm -rf "$scratch"
}
trap end EXIT

cat >"$scratch/six.toml" <<END
tasks = ["Hopper-v3", "Walker2d-v3"]
recipes = ["rlx2"]
seeds = "0..3"
[set]
steps = 12000
evaluation = { every = 2000, episodes = 2 }
networks = { actor = [64, 64], critic = [64, 64] }
sparsity = { actor = 0.5, critic = 0.5 }
n_step.delay = 3000
topology.every = 1000
END
study() { # study FOLDER engine options...
    "$program" study submit "$scratch/six.toml" --out "$scratch/$1" --engine "$2" "${@:3}" </dev/null
}
going() { # whether run N of the study has made steps
    "$program" study status "$scratch/$1" --json | sed -n "$2p" | grep '"state":"going"' | grep -q '"step":[1-9]'
}
empty() { # nothing in the queue
    [ -z "$(squeue --noheader)" ]
}
same() { # as the local engine's
    whole "$scratch/$1" 6 || fail "not all runs of $1 are whole"
    told "$scratch/$1" >"$scratch/found"
    cmp "$scratch/expected" "$scratch/found" || fail "the runs of $1 are not those of the local engine"
}

start_cluster "$scratch/cluster" 2
echo "== the local engine"
study local local
whole "$scratch/local" 6 || fail "the local engine did not make all runs"
told "$scratch/local" >"$scratch/expected"

echo "== an array of three elements, the first of which is asked to end"
study slurm slurm --cores 1 --elements 3 --time 1h
within 60 "no run of the first element makes steps" going slurm 1
job=$(squeue --noheader --array --format %A --sort=i | head -1)
scancel --batch --signal=TERM "$job"
within 60 "the element is not back in the queue" sh -c "scontrol show job $job | grep -q 'Restarts=1'"
# Slurm lets a job wait for two minutes before it begins again.
scontrol update JobId="$job" StartTime=now 2>/dev/null || true
within 240 "runs are missing" whole "$scratch/slurm" 6
within 60 "the queue is not empty" empty
same slurm
gone=$(gone_on "$scratch/slurm")
[ "$gone" -ge 1 ] || fail "no run went on from a checkpoint"
echo "same: 6 runs, $gone of them gone on with"

echo "== an array that is cancelled, and finished here"
study cancelled slurm --cores 2 --elements 1
within 60 "no run makes steps" going cancelled 1
scancel "$(squeue --noheader --format %A | head -1)"
within 60 "the cancelled element is still there, or went back into the queue" empty
sleep 3
empty || fail "a cancelled element went back into the queue"
whole "$scratch/cancelled" 6 && fail "it was whole before it was cancelled: nothing was tested"
study cancelled local
same cancelled
study cancelled slurm | grep -q '^nothing to submit' || fail "whole runs are submitted"
echo "the test of Slurm passed"
