# A Slurm of one node for tests, sourced by scripts: `start_cluster FOLDER CORES`, `stop_cluster FOLDER`. Needs root, and Debian's
# slurmctld, slurmd, slurm-client and munge (22.05 of Debian 12 serves). Nothing of it is left outside the folder.

start_cluster() {
    local folder=$1 cores=$2 host
    host=$(hostname -s)
    mkdir -p "$folder"/{munge,state,spool}
    chmod 700 "$folder/munge"
    head -c 1024 /dev/urandom >"$folder/munge/key"
    chmod 600 "$folder/munge/key"
    munged --force --key-file="$folder/munge/key" --socket="$folder/munge/socket" --pid-file="$folder/munge/pid" \
        --seed-file="$folder/munge/seed" --log-file="$folder/munge/log" 2>"$folder/munge/said"
    cat >"$folder/slurm.conf" <<END
ClusterName=test
SlurmctldHost=$host
SlurmUser=root
SlurmctldPort=16817
SlurmdPort=16818
AuthInfo=socket=$folder/munge/socket
StateSaveLocation=$folder/state
SlurmdSpoolDir=$folder/spool
SlurmctldPidFile=$folder/slurmctld.pid
SlurmdPidFile=$folder/slurmd.pid
SlurmctldLogFile=$folder/slurmctld.log
SlurmdLogFile=$folder/slurmd.log
AccountingStorageType=accounting_storage/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
SlurmdParameters=config_overrides
SchedulerParameters=bf_interval=2,sched_interval=2
KillWait=20
ReturnToService=2
NodeName=$host CPUs=$cores State=UNKNOWN
PartitionName=test Nodes=$host Default=YES MaxTime=INFINITE State=UP
END
    export SLURM_CONF=$folder/slurm.conf
    slurmctld -c
    slurmd -c
    for _ in $(seq 60); do
        [ "$(sinfo --noheader --format %t 2>/dev/null)" = idle ] && return
        sleep 0.5
    done
    echo "the node of the test does not come up:" >&2
    tail -n 20 "$folder"/slurm*.log >&2
    return 1
}

stop_cluster() {
    local folder=$1 file
    scancel --user=root 2>/dev/null || true
    for file in slurmd.pid slurmctld.pid munge/pid; do
        if [ -s "$folder/$file" ]; then kill "$(cat "$folder/$file")" || true; fi
    done
}
