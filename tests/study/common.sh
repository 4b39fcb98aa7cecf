# What scripts that test studies share. They set `scratch`, and `program`, the training binary. PATIENCE: how many times as long they wait
# for what is to happen, on a machine that has other work [1].

# A word for each run of a study: done, going, cut_off, missing or failed.
states() { # states FOLDER
    "$program" study status "$1" --json | sed 's/.*"state":"\([a-z_]*\)".*/\1/'
}
# Whether all of so many are whole.
whole() { # whole FOLDER RUNS
    [ "$(states "$1" | grep -c '^done$')" = "$2" ]
}
# All that runs wrote that does not tell a time or a place: a line of digests for each.
told() { # told FOLDER
    local run
    for run in "$1"/runs/*; do
        awk -F, 'NR == 1 { for (i = 1; i <= NF; i++) if ($i !~ /second/) keep[i] = 1 }
            { row = ""; for (i = 1; i <= NF; i++) if (i in keep) row = row "," $i; print row }' "$run/metrics.csv" >"$scratch/rows"
        echo "$(basename "$run") $(sha256sum <"$scratch/rows") $(cat "$run"/checkpoints/*.safetensors | sha256sum)"
    done
}
# How often runs went on from a checkpoint.
gone_on() { # gone_on FOLDER
    cat "$1"/state/*/log | grep -c '^goes on from step' || true
}
# Waits until a command succeeds.
within() { # within SECONDS "what" command...
    local left=$(($1 * 4 * ${PATIENCE:-1}))
    while ! "${@:3}" >/dev/null 2>&1; do
        left=$((left - 1))
        [ "$left" -gt 0 ] || fail "$2, after $(($1 * ${PATIENCE:-1})) s"
        sleep 0.25
    done
}
fail() {
    echo "FAILED: $*" >&2
    exit 1
}
