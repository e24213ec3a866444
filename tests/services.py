# SPDX-License-Identifier: BSD-3-Clause
"""Services of a cluster, started for a test on this machine's loopback address: an ssh server, and Slurm with one
node. Where one cannot run, the test is skipped, with the reason."""

import contextlib
import getpass
import os
import pathlib
import secrets
import shutil
import socket
import subprocess
import time

import pytest

SBIN = "/usr/sbin"
PATIENCE = 60       # seconds for a service to come up

SSHD = """\
ListenAddress 127.0.0.1:{port}
HostKey {place}/host
AuthorizedKeysFile {place}/key.pub
PidFile none
StrictModes no
UsePAM no
PasswordAuthentication no
PermitRootLogin prohibit-password
"""
SSH = """\
Host grader
    HostName 127.0.0.1
    Port {port}
    IdentityFile {place}/key
    IdentitiesOnly yes
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel ERROR
"""
SLURM = """\
ClusterName=nymph
SlurmctldHost={host}(127.0.0.1)
SlurmctldPort={ctld}
SlurmdPort={slurmd}
AuthType=auth/munge
AuthInfo=socket={place}/munge.socket
SlurmUser=root
StateSaveLocation={place}/state
SlurmdSpoolDir={place}/spool
SlurmctldPidFile={place}/slurmctld.pid
SlurmdPidFile={place}/slurmd.pid
ProctrackType=proctrack/linuxproc
TaskPlugin=task/none
SelectType=select/cons_tres
SelectTypeParameters=CR_CPU
MpiDefault=none
SchedulerParameters=sched_min_interval=1000,batch_sched_delay=0
NodeName=nymph NodeHostname={host} NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
PartitionName=all Nodes=ALL Default=YES State=UP
"""


def free_port():
    """A port of the loopback address that nobody uses."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextlib.contextmanager
def daemons():
    """A function that starts a daemon, with its output in a log; they all end with the block, the last one first."""
    started = []

    def start(log, *words, **env):
        with open(log, "ab") as output:
            started.append(subprocess.Popen(list(map(str, words)), stdin=subprocess.DEVNULL, stdout=output,
                                            stderr=output, env={**os.environ, **env}))
        return started[-1]

    try:
        yield start
    finally:
        for process in reversed(started):
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()


def wait_for(works, process, log, what):
    """Wait until works() is true; skip the test if the service has ended, or takes too long."""
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        if works():
            return
        time.sleep(0.1)
    said = pathlib.Path(log).read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no message"]
    pytest.skip(f"{what} does not run here: {said[-1][-200:]}")


def runs(*words, **env):
    """Whether a command succeeds."""
    return subprocess.run(list(map(str, words)), env={**os.environ, **env}, capture_output=True, check=False).returncode == 0


@contextlib.contextmanager
def ssh_server(place):
    """An ssh server into which this user may log in as "grader": (the client's configuration, the server's log)."""
    if not pathlib.Path(SBIN, "sshd").exists():
        pytest.skip("openssh-server is not installed")
    port, log = free_port(), place / "sshd.log"
    for name in ("host", "key"):
        subprocess.run(["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", place / name], check=True)
    for name, text in (("sshd", SSHD), ("ssh", SSH)):
        (place / name).write_text(text.format(place=place, port=port), encoding="utf-8")
    if os.geteuid() == 0:
        pathlib.Path("/run/sshd").mkdir(exist_ok=True)      # where sshd keeps its unprivileged part
    with daemons() as start:
        process = start(log, f"{SBIN}/sshd", "-D", "-e", "-f", place / "sshd")
        wait_for(lambda: runs("ssh", "-F", place / "ssh", "grader", "true"), process, log, "sshd")
        yield place / "ssh", log


@contextlib.contextmanager
def slurm_node(place):
    """Slurm with this machine as its only node: the environment in which its commands find it."""
    if not all(shutil.which(name, path=f"{SBIN}:{os.environ['PATH']}") for name in ("slurmctld", "slurmd", "munged")):
        pytest.skip("slurm-wlm is not installed")
    if getpass.getuser() != "root":
        pytest.skip("only root can start Slurm's daemons here")
    for name in ("state", "spool"):
        (place / name).mkdir()
    (place / "munge.key").write_bytes(secrets.token_bytes(1024))
    (place / "munge.key").chmod(0o600)
    conf = place / "slurm.conf"
    conf.write_text(SLURM.format(place=place, host=os.uname().nodename, ctld=free_port(), slurmd=free_port()),
                    encoding="ascii")
    env, log = {"SLURM_CONF": str(conf)}, place / "log"
    with daemons() as start:
        # --force: the test's folders may be open to others.
        process = start(log, f"{SBIN}/munged", "--foreground", "--force", f"--socket={place / 'munge.socket'}",
                        f"--key-file={place / 'munge.key'}", f"--pid-file={place / 'munge.pid'}",
                        f"--log-file={place / 'munge.log'}", f"--seed-file={place / 'munge.seed'}")
        wait_for(lambda: runs("munge", "-n", "-S", place / "munge.socket"), process, log, "munged")
        process = start(log, f"{SBIN}/slurmctld", "-D", "-i", **env)
        wait_for(lambda: runs("scontrol", "ping", **env), process, log, "slurmctld")
        process = start(log, f"{SBIN}/slurmd", "-D", "-N", "nymph", **env)
        wait_for(lambda: subprocess.run(["sinfo", "-h", "-t", "idle", "-o", "%D"], env={**os.environ, **env},
                                        capture_output=True, check=False).stdout.strip() == b"1",
                 process, log, "slurmd")
        yield env
