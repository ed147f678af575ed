#!/usr/bin/env bash
# A Slurm cluster of one machine, to test job scripts on. Everything that it
# writes, its munge key and socket included, lies in one folder and belongs to
# the caller; no systemd, no cgroups, nothing in /etc. Made on Debian 12 with
# its Slurm 22.05.
set -euo pipefail

usage() {
    cat <<'TEXT'
usage: scripts/slurm-test-cluster.sh start|stop|status DIR

  start   begins a cluster in DIR, a folder that is new or empty or an earlier
          cluster's, and waits until its node takes jobs. Where a cluster runs in
          DIR already, it goes on. The only line on stdout is for the shell:
              eval "$(scripts/slurm-test-cluster.sh start DIR)"
          sets SLURM_CONF, which is all that sbatch, squeue and the others need.
  stop    ends its jobs and its daemons; configuration and logs stay in DIR
  status  shows node and jobs; exit status 0 if the node takes jobs, else 3

The node claims 4 CPUs and 2 GPUs, whatever the machine has. A job of the
partition `urgent` takes CPUs from jobs of the default one: these get their
--signal at once, have 10 s and are requeued. What became of finished jobs is in
DIR/log/jobs.
TEXT
}

say() { printf 'slurm-test-cluster.sh: %s\n' "$*" >&2; }
fail() {
    printf 'slurm-test-cluster.sh: error: %s\n' "$*" >&2
    exit 1
}

readonly CLUSTER=psp-test
readonly MARK='# Written by slurm-test-cluster.sh at each start.'
readonly DAEMONS=(munged slurmctld slurmd)
# How long to wait for a daemon, for the node, for jobs to end.
readonly PATIENCE_S=30
# The daemons' folder is not on every user's path.
PATH=$PATH:/usr/sbin:/sbin

# Installs what is missing. Debian starts the services that it installs unless
# policy-rc.d says no; these are not wanted.
install_packages() {
    local command missing=()
    for command in munged:munge slurmctld:slurmctld slurmd:slurmd sbatch:slurm-client; do
        command -v "${command%:*}" >/dev/null || missing+=("${command#*:}")
    done
    ((${#missing[@]})) || return 0

    local root=()
    if [[ $(id -u) != 0 ]]; then
        command -v sudo >/dev/null ||
            fail "please install ${missing[*]} (Debian's names) and run this again"
        root=(sudo)
    fi
    command -v apt-get >/dev/null ||
        fail "this is no Debian: please install munge, slurmctld, slurmd and Slurm's client commands and run this again"
    say "installing ${missing[*]}"
    # shellcheck disable=SC2016 # the inner shell expands these
    "${root[@]}" bash -euc '
        export DEBIAN_FRONTEND=noninteractive
        policy=/usr/sbin/policy-rc.d
        if [[ ! -e $policy ]]; then
            trap "rm -f $policy" EXIT
            printf "#!/bin/sh\nexit 101\n" >"$policy"
            chmod +x "$policy"
        fi
        apt-get update -qq
        apt-get install -y -qq --no-install-recommends -o DPkg::Lock::Timeout=300 "$@"
    ' bash "${missing[@]}" >&2
}

# Prints the pid of a daemon of this cluster; fails if it does not run. A pid
# file may be older than the last boot, so the process must name DIR as well.
pid_of() {
    local pid
    pid=$(cat "$dir/run/$1.pid" 2>/dev/null) && [[ -n $pid ]] || return 1
    grep -qaF "$dir/" "/proc/$pid/cmdline" 2>/dev/null || return 1
    printf '%s\n' "$pid"
}

any_daemon() {
    local daemon
    for daemon in "${DAEMONS[@]}"; do
        if pid_of "$daemon" >/dev/null; then return 0; fi
    done
    return 1
}

# Runs a test four times a second until it holds.
wait_until() {
    local end=$((SECONDS + PATIENCE_S))
    until "$@"; do
        ((SECONDS < end)) || return 1
        sleep 0.25
    done
}

listens() { (: <>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Prints a port of 127.0.0.1 that is free, as is the next one; both are below
# those that the kernel hands out by itself.
free_ports() {
    local port
    while port=$((20000 + RANDOM % 10000)); listens "$port" || listens "$((port + 1))"; do :; done
    printf '%s\n' "$port"
}

# Prints the pids of the processes that began with all of these variables, each
# NAME=VALUE.
processes_with() {
    local process variable
    for process in /proc/[0-9]*; do
        for variable in "$@"; do
            grep -zqxF "$variable" "$process/environ" || continue 2
        done
        printf '%s\n' "${process#/proc/}"
    done 2>/dev/null
}

# The program that slurmd runs when a job has ended: it ends what the job left
# behind, as cgroups would.
epilog() {
    printf '#!/usr/bin/env bash\n'
    declare -f processes_with
    # shellcheck disable=SC2016 # the epilog expands these
    printf 'for pid in $(processes_with %s "SLURM_JOB_ID=$SLURM_JOB_ID"); do
    [[ $pid == "$$" ]] || kill -KILL "$pid" 2>/dev/null
done
exit 0
' "${OF_CLUSTER[*]}"
}

write_config() {
    local node user memory port
    port=$(free_ports)
    node=$(uname -n)
    node=${node%%.*}
    user=$(id -un)
    memory=$(awk '/^MemTotal:/ { print int($2 / 1024) }' /proc/meminfo)

    cat >"$dir/slurm.conf" <<TEXT
$MARK
ClusterName=$CLUSTER
SlurmctldHost=$node(127.0.0.1)
SlurmctldPort=$port
SlurmdPort=$((port + 1))
SlurmUser=$user
SlurmdUser=$user
StateSaveLocation=$dir/state
SlurmdSpoolDir=$dir/spool
SlurmctldPidFile=$dir/run/slurmctld.pid
SlurmdPidFile=$dir/run/slurmd.pid
SlurmctldLogFile=$dir/log/slurmctld.log
SlurmdLogFile=$dir/log/slurmd.log
JobCompType=jobcomp/filetxt
JobCompLoc=$dir/log/jobs

# A requeued job waits until its credential has expired: 120 s by default.
AuthType=auth/munge
AuthInfo=socket=$dir/run/munge.socket,cred_expire=5

# Nothing that needs cgroups. Signals reach a job's processes from parent to
# child, whatever their process groups; the epilog finds what lost its parent.
ProctrackType=proctrack/linuxproc
Epilog=$dir/epilog
TaskPlugin=task/none
JobAcctGatherType=jobacct_gather/none
MpiDefault=none

SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
GresTypes=gpu
# The node is what is written here, not what slurmd finds.
SlurmdParameters=config_overrides
ReturnToService=2
NodeName=$node NodeAddr=127.0.0.1 CPUs=4 RealMemory=$memory Gres=gpu:2 State=UNKNOWN

JobRequeue=1
PreemptType=preempt/partition_prio
PreemptMode=REQUEUE
SlurmctldParameters=preempt_send_user_signal
PartitionName=batch Nodes=$node Default=YES PriorityTier=1 GraceTime=10 DefaultTime=60 State=UP
PartitionName=urgent Nodes=$node PriorityTier=2 PreemptMode=OFF DefaultTime=60 State=UP
# What can never run is refused, not queued.
EnforcePartLimits=ALL

# Everything soon.
KillWait=5
MinJobAge=10
SchedulerParameters=batch_sched_delay=0,sched_interval=2,bf_interval=2
TEXT
    # Any device that every machine has does for a GPU's: without cgroups Slurm
    # only looks whether it is there.
    cat >"$dir/gres.conf" <<TEXT
AutoDetect=off
NodeName=$node Name=gpu File=/dev/null
NodeName=$node Name=gpu File=/dev/zero
TEXT

    rm -rf "$dir"/{run,state,spool,log}
    mkdir "$dir"/{run,state,spool,log}
    epilog >"$dir/epilog"
    chmod +x "$dir/epilog"
    (umask 077 && head -c 1024 /dev/urandom >"$dir/run/munge.key")
}

# Whether DIR is a folder that an earlier start filled.
is_ours() { [[ $(head -n 1 "$dir/slurm.conf" 2>/dev/null) == "$MARK" ]]; }

begin_daemon() {
    local daemon=$1 begin
    case $daemon in
    munged)
        # --force: folders above DIR that munged finds too open become warnings.
        begin=(munged --force --num-threads=2 --key-file="$dir/run/munge.key"
            --socket="$dir/run/munge.socket" --pid-file="$dir/run/munged.pid"
            --seed-file="$dir/run/munge.seed" --log-file="$dir/log/munged.log")
        ;;
    slurmctld) begin=(slurmctld -f "$SLURM_CONF") ;;
    # The variable marks slurmstepd, which inherits it, as Slurm marks all jobs.
    slurmd) begin=(env "SLURM_CLUSTER_NAME=$CLUSTER" slurmd -f "$SLURM_CONF") ;;
    esac
    # A daemon must keep neither the caller's pipes nor the lock (9) open.
    "${begin[@]}" </dev/null >>"$dir/log/$daemon.start" 2>&1 9>&- ||
        fail_with_logs "$daemon does not start"
    wait_until pid_of "$daemon" >/dev/null || fail_with_logs "$daemon does not start"
}

daemon_gone() { ! pid_of "$1" >/dev/null; }

stop_daemons() {
    local daemon pid
    for daemon in slurmd slurmctld munged; do
        if pid=$(pid_of "$daemon"); then
            kill "$pid" || fail "$daemon ($pid) is not yours to stop"
            wait_until daemon_gone "$daemon" || kill -KILL "$pid"
        fi
    done
}

fail_with_logs() {
    local log
    for log in "$dir"/log/*.{start,log}; do
        if [[ -s $log ]]; then
            printf '== the end of %s\n' "$log" >&2
            tail -n 20 "$log" >&2
        fi
    done
    stop_daemons
    fail "$*; see the logs above"
}

node_takes_jobs() {
    case $(timeout 5 sinfo --noheader --format=%T 2>/dev/null | sort -u) in
    idle | mixed | allocated) return 0 ;;
    *) return 1 ;;
    esac
}

start() {
    install_packages
    # The longest of Slurm's sockets is DIR/spool/NODE_JOB.STEP; 107 bytes are
    # the most that a socket's name may have.
    [[ ${#dir} -le 60 && $dir =~ ^[A-Za-z0-9_./-]+$ ]] ||
        fail "'$dir' must have at most 60 characters, and of these only letters, digits and _ . / -: Slurm could not use it"
    mkdir -p "$dir"
    is_ours || [[ -z $(ls -A "$dir") ]] ||
        fail "$dir holds something else than a cluster of this script's; name a new folder"
    # Two that start at a time: the second waits and finds the cluster running.
    exec 9<"$dir"
    flock 9

    any_daemon || write_config
    local daemon
    for daemon in "${DAEMONS[@]}"; do
        pid_of "$daemon" >/dev/null || begin_daemon "$daemon"
    done
    wait_until node_takes_jobs ||
        fail_with_logs "the node takes no jobs after $PATIENCE_S s: $(timeout 5 sinfo --noheader --Node --long 2>&1)"
    say "running in $dir"
    printf 'export SLURM_CONF=%q\n' "$SLURM_CONF"
}

no_jobs() { [[ -z $(timeout 5 squeue --noheader 2>/dev/null) ]]; }

stop() {
    is_ours || fail "there is no cluster of this script's in $dir"
    exec 9<"$dir"
    flock 9
    local owner pid
    owner=$(stat --format=%U "$dir")
    if pid_of slurmctld >/dev/null; then
        timeout 10 scancel --full --signal=KILL --user="$owner" 2>/dev/null || true
        timeout 10 scancel --user="$owner" 2>/dev/null || true
        wait_until no_jobs || say "some jobs do not end"
    fi
    stop_daemons
    for pid in $(processes_with "${OF_CLUSTER[@]}"); do
        kill -KILL "$pid" 2>/dev/null || true
    done
    say "stopped in $dir"
}

status() {
    local daemon
    for daemon in "${DAEMONS[@]}"; do
        if ! pid_of "$daemon" >/dev/null; then
            say "$daemon does not run in $dir"
            exit 3
        fi
    done
    if ! node_takes_jobs; then
        say "the node takes no jobs in $dir"
        exit 3
    fi
    sinfo
    squeue
}

case $#:${1-} in
2:start | 2:stop | 2:status) ;;
1:-h | 1:--help)
    usage
    exit 0
    ;;
*)
    usage >&2
    exit 2
    ;;
esac
dir=$(realpath -m -- "$2")
export SLURM_CONF=$dir/slurm.conf
# What every process of a job has in its environment; the caller's shell may have
# the first as well.
readonly OF_CLUSTER=("SLURM_CONF=$SLURM_CONF" "SLURM_CLUSTER_NAME=$CLUSTER")
"$1"
