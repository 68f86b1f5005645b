"""Which commands there are: for each a line of help with the module that it lives in.

A module is imported when its command is asked for, so that help comes at once. It has a ``DESCRIPTION``, a function
``add_arguments(parser)`` that adds what its command takes, and a function ``run(args)`` that carries it out and returns
an exit status, or None for 0.
"""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from dataclasses import dataclass
from importlib import import_module
from typing import Protocol, cast

__all__ = ["COMMANDS", "Command"]


class Module(Protocol):
    """What the module of a command holds."""

    DESCRIPTION: str

    def add_arguments(self, parser: ArgumentParser) -> None:
        """Add what the command takes."""

    def run(self, args: Namespace) -> int | None:
        """Carry the command out, and return its exit status, or None for 0."""


@dataclass(frozen=True)
class Command:
    """A command: its name, what it does in a few words, and its module."""

    name: str
    help: str
    module: str

    def load(self) -> Module:
        """Import the module of the command."""
        return cast(Module, import_module(f"made_np.{self.module}"))


COMMANDS = (
    Command("demo", "fit the digits, print losses, write pictures and models", "demos.digits"),
    Command("faces", "complete halves of faces never seen", "demos.faces"),
    Command("learn", "learn backpropagation through masks, step by step", "cli.learn"),
    Command("train", "learn a density from a table", "cli.train"),
    Command("describe", "show what the columns of a table are", "cli.describe"),
    Command("score", "log-probability of each row, in nats", "cli.score"),
    Command("sample", "draw new rows", "cli.sample"),
    Command("complete", "fill the gaps of a table", "cli.complete"),
    Command("query", "how probable conditions are", "cli.query"),
    Command("explain", "which values do not fit the rest of their rows", "cli.explain"),
    Command("inspect", "show layers, masks and who sees whom", "cli.inspection"),
    Command("trace", "one row through the network and its gradient back", "cli.trace"),
    Command("explore", "write a page on which a model can be watched, trained, broken", "cli.explore"),
    Command("check", "prove a model, yours or ours, with the property suite", "cli.checking"),
)
