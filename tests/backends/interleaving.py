"""All orders in which the steps of several threads can follow each other, for a few lines of real code.

`stepwise` rewrites a module so that its functions pause before each of their steps, and `explore` takes those steps in
every possible order: a thread is a generator here, and time is what the explorer does next. An exception may be thrown
into a thread at each of its steps as well.
"""

from __future__ import annotations

import ast
from collections import deque
from collections.abc import Callable, Generator, Iterator
from functools import partial
from types import GeneratorType
from typing import Any

Steps = Generator["Callable[[], bool] | None", None, Any]
"""A thread: it yields None before a step, or what must be true before it can go on."""


class Stepwise(ast.NodeTransformer):
    """Turn functions into generators that yield before each step.

    Steps are the statements, and the operands of `and` and `or`, that do more than to use the function's own names.
    """

    def __init__(self, generators: set[str]) -> None:
        self.generators = generators

    def visit_FunctionDef(self, node: ast.FunctionDef) -> ast.AST:
        if node.name not in self.generators:
            return node
        self.generic_visit(node)
        node.body = [*ast.parse("yield").body, *self.paused(node.body)]  # a signal is looked at there, too
        return node

    def is_step(self, node: ast.stmt) -> bool:
        """True for what others may notice, or what notices others: whatever is more than the function's own names."""
        heads = [getattr(node, name) for name in ("test", "iter", "items") if hasattr(node, name)]
        if isinstance(node, ast.Try):
            return False
        parts = [each for head in heads or [node] for each in (head if isinstance(head, list) else [head])]
        return any(isinstance(each, ast.Attribute | ast.Call) for part in parts for each in ast.walk(part))

    def paused(self, body: list[ast.stmt]) -> list[ast.stmt]:
        """Return the statements with a pause before each step."""
        result: list[ast.stmt] = []
        for statement in body:
            is_step = self.is_step(statement)
            for name in ("body", "orelse", "finalbody"):
                if getattr(statement, name, None):
                    setattr(statement, name, self.paused(getattr(statement, name)))
            for handler in getattr(statement, "handlers", ()):
                handler.body = self.paused(handler.body)
            if isinstance(statement, ast.Try):
                self.let_close(statement)
            result += ast.parse("yield").body if is_step else []
            result += self.managed(statement) if isinstance(statement, ast.With) else [statement]
        return result

    def let_close(self, node: ast.Try) -> None:
        """Let a generator that is not wanted any more end without further steps, as Python asks of it."""
        close = ast.parse("try: pass\nexcept GeneratorExit: raise\nexcept BaseException: raise").body[0].handlers  # type: ignore[attr-defined]
        if node.finalbody:
            close[1].body = [*node.finalbody, *close[1].body]
            node.body = [ast.Try(node.body, node.handlers, node.orelse, [])] if node.handlers else node.body
            node.handlers, node.orelse, node.finalbody = close, node.finalbody, []
            if isinstance(node.body[0], ast.Try):
                self.let_close(node.body[0])
        else:
            node.handlers.insert(0, close[0])

    def managed(self, node: ast.With) -> list[ast.stmt]:
        """Return what a with statement does: leave each of its managers on the way out."""
        body = node.body
        for item in reversed(node.items):
            manager = ast.unparse(item.context_expr)
            frame = ast.parse(
                f"yield from {manager}.__enter__()\n"
                f"try:\n    pass\n"
                f"except GeneratorExit:\n    raise\n"
                f"except BaseException as raised:\n"
                f"    yield from {manager}.__exit__(type(raised), raised, None)\n    raise\n"
                f"else:\n    yield from {manager}.__exit__(None, None, None)"
            ).body
            frame[1].body = body  # type: ignore[attr-defined]
            body = frame
        return body

    def visit_BoolOp(self, node: ast.BoolOp) -> ast.AST:
        self.generic_visit(node)
        node.values = [ast.parse(f"((yield) or {ast.unparse(value)})", mode="eval").body for value in node.values]
        return node

    def visit_Call(self, node: ast.Call) -> ast.AST:
        self.generic_visit(node)
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        return ast.YieldFrom(node) if name in self.generators else node


def stepwise(source: str, generators: set[str]) -> dict[str, Any]:
    """Return the classes and functions of a module; those with these names, and calls of them, are stepwise."""
    tree = ast.parse(source)
    tree.body = [node for node in tree.body if not isinstance(node, ast.If | ast.Expr)]  # what it does when imported
    tree = ast.fix_missing_locations(Stepwise(generators).visit(tree))
    space: dict[str, Any] = {"__name__": "stepwise"}
    exec(compile(tree, "<stepwise>", "exec"), space)
    return space


class World:
    """Threads on their way, and what they share: `objects`."""

    def __init__(self, build: Callable[[World], dict[str, Steps]]) -> None:
        self.current = ""
        self.objects: list[Any] = []
        self.thrown = 0
        self.waits: dict[str, Callable[[], bool] | None] = {}
        self.ended: dict[str, BaseException | None] = {}
        self.threads = build(self)

    def step(self, name: str, error: type[BaseException] | None = None) -> None:
        """Let a thread take its next step, or throw an exception into it instead."""
        self.current = name
        thread = self.threads[name]
        self.thrown += error is not None
        try:
            self.waits[name] = thread.throw(error()) if error else next(thread)
        except StopIteration:
            self.ended[name] = None
        except AssertionError:
            raise
        except BaseException as raised:
            self.ended[name] = raised

    def free(self) -> list[str]:
        """Return the threads that can go on."""
        going = [name for name in self.threads if name not in self.ended]
        return [name for name in going if (wait := self.waits.get(name)) is None or wait()]

    def key(self) -> str:
        """All that the future depends on, as text."""
        places = [(name, self.place(thread)) for name, thread in self.threads.items() if name not in self.ended]
        ends = [(name, type(error).__name__) for name, error in self.ended.items()]
        shared = [[(name, self.text(value)) for name, value in vars(each).items()] for each in self.objects]
        return repr((self.thrown, places, ends, shared))

    def place(self, thread: Any) -> list[Any]:
        """Where a generator stands: its next instruction and its variables, and those of the one that it waits for."""
        chain = []
        while isinstance(thread, GeneratorType) and thread.gi_frame is not None:
            frame = thread.gi_frame
            names = [(name, self.text(value)) for name, value in frame.f_locals.items()]
            chain.append((frame.f_code.co_name, frame.f_lasti, names))
            thread = thread.gi_yieldfrom
        return chain

    def text(self, value: Any) -> Any:
        """What a value is, whatever its address."""
        if isinstance(value, list | tuple | deque):
            return [self.text(each) for each in value]
        if isinstance(value, partial):
            return self.text((value.func, value.args))
        if hasattr(value, "__func__"):
            return self.text((value.__self__, value.__name__))
        for k, each in enumerate(self.objects):
            if each is value:
                return f"object {k}"
        return value if isinstance(value, int | float | str) else getattr(value, "__name__", type(value).__name__)


Move = tuple[str, type[BaseException] | None]


def explore(
    build: Callable[[World], dict[str, Steps]], check: Callable[[World], None], victim: str = "", times: int = 0
) -> int:
    """Take the steps in every order, each state once; return the number of states.

    Parameters
    ----------
    build : callable
        Takes a World, returns its threads by name.
    check : callable
        Takes a World in which nobody can go on, and asserts that it may end so.
    victim : str
        The thread into which a KeyboardInterrupt is thrown, at any of its steps, at most `times` times.

    Raises
    ------
    AssertionError
        By `check`, by a thread, or because there is a state that no end follows from: somebody waits for ever.
    """
    todo: list[tuple[list[Move], str]] = [([], "")]
    before: dict[str, set[str]] = {}
    ends: list[str] = []
    while todo:
        path, key = todo.pop()
        world = World(build)
        for move in path:
            world.step(*move)
        while True:
            last, key = key, world.key()
            is_new = key not in before
            before.setdefault(key, set()).add(last)
            if not is_new:
                break
            moves: list[Move] = [(name, None) for name in world.free()]
            if not moves:
                check(world)
                ends.append(key)
                break
            if world.thrown < times and victim not in world.ended:
                moves.append((victim, KeyboardInterrupt))
            todo += [([*path, move], key) for move in moves[1:]]
            path = [*path, moves[0]]
            world.step(*moves[0])
    good = {""}
    while ends:
        key = ends.pop()
        if key not in good:
            good.add(key)
            ends += before[key]
    stuck = before.keys() - good
    assert not stuck, f"{len(stuck)} of {len(before)} states lead to no end, such as {min(stuck, key=len)}"
    return len(before)


class FakeLock:
    """A lock whose steps the explorer sees; reentrant as `threading.RLock` is, or not as `threading.Lock`."""

    def __init__(self, world: World, reentrant: bool) -> None:
        self.world, self.reentrant = world, reentrant
        self.owner = ""
        self.count = 0
        world.objects.append(self)

    def is_free(self, me: str) -> bool:
        return not self.owner or (self.reentrant and self.owner == me)

    def acquire(self, blocking: bool = True, timeout: float = -1) -> Iterator[Any]:
        me = self.world.current
        while not self.is_free(me):
            if timeout > 0:
                yield None  # it lasts as long as it lasts
            if timeout > 0 or not blocking:
                return self.is_free(me) and (yield from self.acquire())
            yield lambda: self.is_free(me)
        self.owner = me
        self.count += 1
        return True

    def release(self) -> None:
        assert self.owner, "a lock is released that nobody has"
        assert self.owner == self.world.current or not self.reentrant, "a lock is released that another thread has"
        self.count -= 1
        if not self.count:
            self.owner = ""
