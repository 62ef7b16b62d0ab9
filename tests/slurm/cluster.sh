#!/usr/bin/env bash
# A SLURM of one node on this machine's loopback, for the tests: install, start, stop. Needs root.
#
#   tests/slurm/cluster.sh install    by apt-get, on Debian and its relatives
#   tests/slurm/cluster.sh start      prints the SLURM_CONF that its commands need
#   tests/slurm/cluster.sh stop       cancels all jobs
set -euo pipefail
state=${GANVAS_SLURM_STATE:-/tmp/ganvas-slurm}
export SLURM_CONF=$state/slurm.conf
host=$(hostname -s)

configure() {
  mkdir -p "$state"/{ctld,d,log}
  local memory
  memory=$(awk '/MemTotal/ {print int($2 / 1024 * 0.9)}' /proc/meminfo)
  # AuthInfo: a requeued job waits until its old credential has expired, 120 s by default.
  # OverMemoryKill: the only enforcement of memory that needs no cgroups; it looks once a second.
  cat > "$SLURM_CONF" <<CONF
ClusterName=ganvas
SlurmctldHost=$host(127.0.0.1)
SlurmctldPort=16817
SlurmdPort=16818
SlurmUser=root
SlurmdUser=root
StateSaveLocation=$state/ctld
SlurmdSpoolDir=$state/d
SlurmctldPidFile=$state/slurmctld.pid
SlurmdPidFile=$state/slurmd.pid
SlurmctldLogFile=$state/log/slurmctld
SlurmdLogFile=$state/log/slurmd
AuthType=auth/munge
AuthInfo=cred_expire=5
CredType=cred/munge
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SwitchType=switch/none
MpiDefault=none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU_Memory
DefMemPerCPU=1024
SchedulerParameters=batch_sched_delay=1,sched_interval=1
JobAcctGatherType=jobacct_gather/linux
JobAcctGatherFrequency=1
JobAcctGatherParams=OverMemoryKill
AccountingStorageType=accounting_storage/none
KillWait=5
ReturnToService=2
NodeName=$host NodeAddr=127.0.0.1 CPUs=$(nproc) RealMemory=$memory
PartitionName=main Nodes=$host Default=YES MaxTime=INFINITE State=UP
CONF
}

key() {
  [ -s /etc/munge/munge.key ] && return
  (umask 077 && head -c 1024 /dev/urandom > /etc/munge/munge.key)
  chown munge: /etc/munge/munge.key && chmod 400 /etc/munge/munge.key
}

end() {
  [ -s "$1" ] || return 0
  local pid
  pid=$(cat "$1")
  kill "$pid" 2> /dev/null || return 0
  for _ in $(seq 50); do
    # A process that nobody waits for remains as a zombie.
    case $(awk '/^State/ {print $2}' "/proc/$pid/status" 2> /dev/null) in "" | Z) return 0 ;; esac
    sleep 0.1
  done
  kill -9 "$pid"
}

case ${1:-} in
  install)
    apt-get update -qq
    DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends \
      slurmctld slurmd slurm-client munge
    ;;
  start)
    key
    munge -n > /dev/null 2>&1 || {
      install -d -o munge -g munge -m 755 /run/munge
      runuser -u munge -- /usr/sbin/munged
      mkdir -p "$state" && touch "$state/munged"
    }
    configure
    /usr/sbin/slurmctld
    /usr/sbin/slurmd -N "$host"
    for _ in $(seq 150); do
      [ "$(sinfo -h -o %t 2> /dev/null)" = idle ] && { echo "SLURM_CONF=$SLURM_CONF"; exit; }
      sleep 0.2
    done
    echo "the node did not become idle; logs in $state/log" >&2
    exit 1
    ;;
  stop)
    scancel --user=root 2> /dev/null || true
    end "$state/slurmd.pid"
    end "$state/slurmctld.pid"
    [ ! -e "$state/munged" ] || end /run/munge/munged.pid
    rm -rf "$state"
    ;;
  *)
    sed -n 2,6p "$0" >&2
    exit 2
    ;;
esac
