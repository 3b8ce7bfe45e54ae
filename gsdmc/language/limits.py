"""Limits that keep a program from taking all time or memory, and how to raise them."""

from __future__ import annotations

import sys
import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar, copy_context
from dataclasses import asdict, dataclass, fields, replace
from typing import TypeVar

from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError

Result = TypeVar("Result")

DEEPEST = 10_000
"""What `nesting` can be raised to: deeper stacks could crash the process."""

_ONE_AT_A_TIME = threading.Lock()
_FRAMES, _BYTES = 12, 1 << 16  # of the Python stack and of the machine's, per level of nesting


@dataclass(frozen=True)
class Limits:
    """How large a program may become.

    Attributes:
        nesting: how deep brackets nest.
        steps: how long evaluation may take, about one per form that it visits.
        size: replicas of one iteration.
        unrolled: replicas that one iteration without a plated form is unrolled into.
        table: numbers that values known at compile time hold.
        nodes: variables of the graph.
        edges: edges of the graph, before repeated ones are merged.
    """

    nesting: int = 200
    steps: int = 1_500_000
    size: int = 1_000_000
    unrolled: int = 20_000
    table: int = 10_000_000
    nodes: int = 1_000_000
    edges: int = 5_000_000

    def changed(self, changes: Mapping[str, int]) -> Limits:
        """The limits with some of them replaced.

        Raises:
            GsdmcError: an unknown limit, or a number that is none for it.
        """
        known = [f.name for f in fields(self)]
        for name, number in changes.items():
            if name not in known:
                near = did_you_mean(str(name), known)
                listed = f"the limits are {', '.join(known)}"
                raise GsdmcError(f"there is no limit `{name}`", hint=near or listed)
            if isinstance(number, bool) or not isinstance(number, int) or number < 1:
                raise GsdmcError(f"the limit `{name}` is a whole number above 0, not {number!r}")
            if name == "nesting" and number > DEEPEST:
                raise GsdmcError(f"the limit `nesting` can be raised to {DEEPEST} at most, not to {number}")
        return replace(self, **changes)

    def raised(self) -> dict[str, int]:
        """What differs from the defaults."""
        usual = asdict(Limits())
        return {name: number for name, number in asdict(self).items() if number != usual[name]}


DEFAULT = Limits()
"""The usual limits."""

_ACTIVE: ContextVar[Limits] = ContextVar("limits", default=DEFAULT)


def active() -> Limits:
    """The limits of the compilation that is under way, else the defaults."""
    return _ACTIVE.get()


@contextmanager
def within(limits: Limits) -> Iterator[None]:
    """Make these the active limits."""
    token = _ACTIVE.set(limits)
    try:
        yield
    finally:
        _ACTIVE.reset(token)


def cure(name: str, needed: int | None = None) -> str:
    """How to raise an active limit: the end of a hint.

    Args:
        name: the limit.
        needed: what would have been enough, where that is known.
    """
    enough = _round(2 * getattr(active(), name) if needed is None else needed)
    enough = min(enough, DEEPEST) if name == "nesting" else enough
    return f'raise the limit: --limit {name}={enough}, or limits={{"{name}": {enough}}} in Python'


def _round(number: int) -> int:
    """The next of 1, 2, 5, 10, 20, 50, ... that is not below a number."""
    power: int = 10 ** (len(str(max(number, 1))) - 1)
    return next(step * power for step in (1, 2, 5, 10) if step * power >= number)


def on_deep_stack(nesting: int, work: Callable[[], Result]) -> Result:
    """Do work that recurses with the nesting of a program, on a stack that has room for it.

    The usual stack has room for the default nesting. For more, the work is done in a thread of its own,
    and Python's recursion limit is higher until it ends.
    """
    if nesting <= Limits.nesting:
        return work()
    results: list[Result] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:
            errors.append(error)

    context = copy_context()
    with _ONE_AT_A_TIME:
        recursion, stack = sys.getrecursionlimit(), threading.stack_size(_BYTES * nesting)
        sys.setrecursionlimit(max(recursion, _FRAMES * nesting))
        try:
            thread = threading.Thread(target=lambda: context.run(run), daemon=True)
            thread.start()
            thread.join()
        finally:
            threading.stack_size(stack)
            sys.setrecursionlimit(recursion)
    if errors:
        raise errors[0]
    return results[0]
