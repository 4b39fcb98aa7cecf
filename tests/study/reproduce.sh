#!/usr/bin/env bash
# Every reproduction in its short form: two seeds of 4,000 steps, whose schedules are scaled. All runs are whole, connections moved where
# there is a rule, targets reach over as many steps as they are to, and a report shows the paper beside them.
#
#   tests/study/reproduce.sh [--jobs N] [NAME...]      those of these names [default: all]
#
# PROGRAM: the training binary [target/release/run]; OUT: where the studies lie, of which nothing is made again that is whole [a new
# folder below /tmp]; ONLY: a task to which studies are cut that have it [all of theirs]. Not part of continuous integration: all
# together take an hour of a core or more.
set -euo pipefail
cd "$(dirname "$0")/../.."
program=$(realpath "${PROGRAM:-target/release/run}")
out=${OUT:-$(mktemp -d)}
jobs=()
if [ "${1:-}" = --jobs ]; then
    jobs=(--jobs "$2")
    shift 2
fi
names=("$@")
if [ $# = 0 ]; then
    mapfile -t names < <("$program" reproduce | awk 'NF == 0 { exit } { print $1 }')
fi
mkdir -p "$out"

# Our own data in small, for the reproduction that learns from data.
data() {
    if [ ! -d "$out/data/hopper/medium-v0" ]; then
        "$program" collect docs/results/1m/hopper-rlx2-td3-s0-avx512 --kind medium --transitions 4000 --out "$out/data" </dev/null
    fi
}

# The number after `key =` in a section of a run's settings; nothing without one.
setting() { # setting FILE SECTION KEY
    awk -v section="[$2]" -v key="$3" '/^\[/ { in_it = $0 == section } in_it && $1 == key { print $3; exit }' "$1"
}
# The last number of a column.
column() { # column FILE NAME
    awk -F, -v name="$2" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == name) at = i } END { if (at) print $at }' "$1"
}
check() { # check FOLDER: what its runs came to
    local run runs=0 moved=0 steps=0
    for run in "$1"/runs/*; do
        runs=$((runs + 1))
        if grep -q '^\[topology' "$run/config.toml"; then
            awk -F, -v run="$run" 'NR == 1 { for (i = 1; i <= NF; i++) if ($i == "moved") at = i } NR > 1 { sum += $at }
                END { if (sum == 0) { print "FAILED: no connection of " run " moved" > "/dev/stderr"; exit 1 } }' "$run/metrics.csv"
            moved=$((moved + 1))
        fi
        local n
        n=$(setting "$run/config.toml" n_step n)
        if [ -n "$n" ] && [ "$n" -gt 1 ]; then
            [ "$(column "$run/metrics.csv" n_step)" = "$n" ] || {
                echo "FAILED: targets of $run never reach over $n steps" >&2
                return 1
            }
            steps=$((steps + 1))
        fi
    done
    echo "$(basename "$1"): $runs runs whole, connections move in $moved, targets over several steps begin in $steps"
}

for name in "${names[@]}"; do
    options=()
    if [ "$name" = ssp ]; then
        data
        options=(--data "$out/data/hopper/medium-v0")
    fi
    # A study without the task is made whole.
    if [ "${ONLY:-}" ] && "$program" reproduce "$name" --short --plan --out "$out/plan" --only "$ONLY" </dev/null >/dev/null 2>&1; then
        options+=(--only "$ONLY")
    fi
    rm -rf "$out/plan"
    "$program" reproduce "$name" --short --out "$out/$name" "${options[@]}" "${jobs[@]}" </dev/null >"$out/$name.log" 2>&1 || {
        tail -n 20 "$out/$name.log" >&2
        echo "FAILED: $name" >&2
        exit 1
    }
    check "$out/$name"
    "$program" report "$out/$name" --out "$out/report-$name" --score last --no-film </dev/null >/dev/null
    grep -q 'Beside the paper' "$out/report-$name/index.html" || {
        echo "FAILED: the report of $name does not show its paper" >&2
        exit 1
    }
done
echo "all short reproductions passed"
