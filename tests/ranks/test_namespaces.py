"""Ranks on hosts of their own: namespaces of the network, with a line between them that may be slow."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

JOB = Path(__file__).with_name("far.py")
HOSTS = "10.77.0.1", "10.77.0.2"
PORT = 45_077
DELAY = "2ms"
"""What the line is slower by, each way."""


def run(*command: str) -> None:
    """Run a command, or skip the test with what it says."""
    try:
        done = subprocess.run(command, capture_output=True, text=True)
    except OSError as error:
        pytest.skip(f"no namespaces of the network here: {error}")
    if done.returncode:
        pytest.skip(f"{' '.join(command)}: {' '.join(done.stderr.split())}")


@pytest.fixture
def spaces() -> Iterator[tuple[str, str]]:
    """Two namespaces, each with an end of one line."""
    if shutil.which("ip") is None:
        pytest.skip("there is no program ip, which makes namespaces of the network")
    names = tuple(f"made_np_{os.getpid()}_{k}" for k in range(2))
    ends = tuple(f"made{os.getpid() % 10**8}{k}" for k in "ab")
    try:
        for name in names:
            run("ip", "netns", "add", name)
        run("ip", "link", "add", ends[0], "netns", names[0], "type", "veth", "peer", ends[1], "netns", names[1])
        for name, end, host in zip(names, ends, HOSTS, strict=True):
            run("ip", "-n", name, "addr", "add", f"{host}/24", "dev", end)
            run("ip", "-n", name, "link", "set", end, "up")
        yield names[0], names[1]
    finally:
        for name in names:
            subprocess.run(["ip", "netns", "del", name], capture_output=True)


@pytest.mark.parametrize("is_slow", [False, True], ids=["near", "far"])
def test_ranks_on_two_hosts_train_as_one_process(spaces: tuple[str, str], is_slow: bool) -> None:
    if is_slow:
        end = f"made{os.getpid() % 10**8}a"
        run("ip", "netns", "exec", spaces[0], "tc", "qdisc", "add", "dev", end, "root", "netem", "delay", DELAY)
    jobs = [
        subprocess.Popen(
            ["ip", "netns", "exec", name, sys.executable, str(JOB), str(rank), "2", HOSTS[0], str(PORT)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        for rank, name in enumerate(spaces)
    ]
    said = [job.communicate(timeout=300) for job in jobs]
    assert [out.strip() for out, _ in said] == ["done", "done"], said
