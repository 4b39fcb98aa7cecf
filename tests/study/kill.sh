#!/usr/bin/env bash
# A study that is killed (kill -9) five times at random moments, its parent and some of its runs, and then finished. Its runs are those of
# a study that was left alone, but for times; some went on from a checkpoint; none that was whole was made again.
#
#   tests/study/kill.sh [PROGRAM]      PROGRAM: the training binary [default: target/release/run]
#
# SEED: of the moments [of the clock]; SEEDS, STEPS: of the study [3, 6000]; OUT: where the studies lie, and stay [a folder that goes]. Not
# part of continuous integration: it makes 36 runs, and takes about 20 minutes of two cores.
set -euo pipefail
cd "$(dirname "$0")/../.."
# shellcheck source=tests/study/common.sh
. tests/study/common.sh
program=$(realpath "${1:-target/release/run}")
scratch=${OUT:-$(mktemp -d)}
[ "${OUT:-}" ] || trap 'rm -rf "$scratch"' EXIT
mkdir -p "$scratch"
: >"$scratch/whole"
RANDOM=${SEED:-$(date +%s)}
runs=$((6 * ${SEEDS:-3}))
steps=${STEPS:-6000}

cat >"$scratch/nine.toml" <<END
tasks = ["Hopper-v3", "HalfCheetah-v3"]
recipes = ["rlx2-td3", "ds-td3", "dense-td3"]
seeds = "0..${SEEDS:-3}"
set = { steps = $steps, evaluation.every = 1000, evaluation.episodes = 2 }
END
run() { # run FOLDER
    exec "$program" study run "$scratch/nine.toml" --out "$scratch/$1" --jobs 2 </dev/null
}
made() { # made FOLDER: the steps of all runs so far
    { "$program" study status "$scratch/$1" --json 2>/dev/null || true; } | sed 's/.*"step":\([0-9]*\).*/\1/' | awk '{ sum += $1 } END { print sum + 0 }'
}
(run alone) >"$scratch/alone.log" 2>&1
whole "$scratch/alone" "$runs" || fail "the study that was left alone is not whole"
told "$scratch/alone" >"$scratch/expected"

for round in 1 2 3 4 5; do
    # After the steps of three tenths to two runs more.
    moment=$(($(made killed) + steps * (30 + RANDOM % 170) / 100))
    run killed >>"$scratch/killed.log" 2>&1 &
    parent=$!
    # By steps, not by time, which a busy machine has more of.
    until [ "$(made killed)" -ge "$moment" ]; do
        kill -0 "$parent" 2>/dev/null || fail "the study was over before kill $round: make it longer (STEPS)"
        sleep 0.2
    done
    sleep "$((RANDOM % 2)).$((RANDOM % 10))"
    children=$(ps -o pid= --ppid "$parent" || true)
    for child in $children; do
        # Each at even odds; the others end by themselves when they see that their parent is gone.
        [ $((RANDOM % 2)) = 0 ] || kill -9 "$child" 2>/dev/null || true
    done
    kill -9 "$parent" 2>/dev/null || true
    wait "$parent" 2>/dev/null || true
    echo "round $round: $(states "$scratch/killed" | sort | uniq -c | tr -s ' \n' ' ')"
    # What whole runs said is not to grow.
    for log in "$scratch"/killed/state/*/log; do
        [ ! -e "$(dirname "$log")/done.json" ] || echo "$log $(wc -c <"$log")" >>"$scratch/whole"
    done
done
# Runs whose parent is gone end after their step.
within 60 "runs outlive their parent" sh -c "! ps -eo args | grep -v grep | grep -q 'study make $scratch/killed'"
(run killed) >>"$scratch/killed.log" 2>&1
whole "$scratch/killed" "$runs" || fail "not all runs are whole"
told "$scratch/killed" >"$scratch/found"
cmp "$scratch/expected" "$scratch/found" || fail "the runs are not those of the study that was left alone"
gone=$(gone_on "$scratch/killed")
[ "$gone" -ge 3 ] || fail "only $gone runs went on from a checkpoint"
sort -u "$scratch/whole" | while read -r log bytes; do
    [ "$(wc -c <"$log")" = "$bytes" ] || fail "$log: a whole run was made again"
done
echo "the test of kills passed: $runs runs equal, $gone times gone on from a checkpoint, none whole made again"
