"""Processes that play rounds, each replaced when it dies or hangs."""

from __future__ import annotations

import json
import os
import queue
import signal
import subprocess
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from soaking.tally import Tally

PLAYER = ("-m", "soaking.player")
LONGEST = 600.0


@dataclass(eq=False)
class _Player:
    process: subprocess.Popen[str]
    slot: int
    seed: int
    since: float


class Crew:
    """So many processes, each of which plays every n-th round from `first` on.

    Parameters
    ----------
    first, n : int
    program : sequence of str
        What Python is given to play: the seed of the first round and n come behind it.
    longest : float
        Seconds of a round, after which it hangs.

    Attributes
    ----------
    rounds : int
        Rounds that have ended.
    tallies : dict of str to Tally
        What was counted, for each kind of round.
    """

    def __init__(self, first: int, n: int, program: Sequence[str] = PLAYER, longest: float = LONGEST) -> None:
        self.rounds = 0
        self.tallies: dict[str, Tally] = defaultdict(Tally)
        self._n = n
        self._program = program
        self._longest = longest
        self._heard: queue.Queue[tuple[_Player, str]] = queue.Queue()
        self._listeners: list[threading.Thread] = []
        self._players = [self._start(slot, first + slot) for slot in range(n)]

    def __enter__(self) -> Crew:
        return self

    def __exit__(self, *_: object) -> None:
        for player in self._players:
            _end(player.process)
        for listener in self._listeners:
            listener.join()

    def watch(self, seconds: float) -> None:
        """Listen to the players for so long, and replace those that have died or hang."""
        end = time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0:
            with suppress(queue.Empty):
                self._hear(*self._heard.get(timeout=min(left, 5.0)))
            for player in list(self._players):
                if time.monotonic() - player.since > self._longest:
                    _where(player.process)
                    self.tallies["round that hung"] += Tally(hung=1, wrong=[f"--seed {player.seed} hung"])
                    self._replace(player)

    def _hear(self, player: _Player, line: str) -> None:
        """Take in a line of a player; an empty one is its last."""
        if player not in self._players:
            return
        if not line:
            status = player.process.wait()
            self.tallies["round that died"] += Tally(wrong=[f"--seed {player.seed} died, status {status}"])
            self._replace(player)
            return
        said: dict[str, Any] = json.loads(line)
        player.since = time.monotonic()
        if "begun" in said:
            player.seed = said["begun"]
            return
        self.rounds += 1
        tally = Tally(**said["tally"])
        tally.wrong = [f"--seed {said['seed']}: {each}" for each in tally.wrong]
        self.tallies[said["scene"]] += tally

    def _replace(self, player: _Player) -> None:
        _end(player.process)
        self._players[self._players.index(player)] = self._start(player.slot, player.seed + self._n)

    def _start(self, slot: int, seed: int) -> _Player:
        argv = [sys.executable, *self._program, str(seed), str(self._n)]
        process = subprocess.Popen(
            argv, stdout=subprocess.PIPE, text=True, cwd=Path(__file__).parents[1], start_new_session=True
        )
        player = _Player(process, slot, seed, time.monotonic())
        listener = threading.Thread(target=self._listen, args=(player,), daemon=True)
        listener.start()
        self._listeners.append(listener)
        return player

    def _listen(self, player: _Player) -> None:
        assert player.process.stdout is not None
        with player.process.stdout as lines:
            for line in lines:
                self._heard.put((player, line))
        self._heard.put((player, ""))


def _where(process: subprocess.Popen[str]) -> None:
    """Have a player tell on stderr where each of its threads is."""
    process.send_signal(signal.SIGUSR1)
    with suppress(subprocess.TimeoutExpired):
        process.wait(1.0)


def _end(process: subprocess.Popen[str]) -> None:
    """Kill a player with all that it has started."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
