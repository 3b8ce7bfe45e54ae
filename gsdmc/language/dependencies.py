"""Who uses whom at the top level: no recursion, and defs that are known before anything is drawn."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from gsdmc.language.expressions import Uses
from gsdmc.language.source import GsdmcError, Span


@dataclass(frozen=True)
class _Reach:
    """Something that a function leads to, and the use in it that leads there (None: it is in itself)."""

    place: Span
    through: str | None


def check_dependencies(
    functions: Mapping[str, Uses], defs: Mapping[str, Uses], places: Mapping[str, Span]
) -> None:
    """Check what functions and defs (both in reading order) use; `places` are where they are defined.

    Raises:
        GsdmcError: a function calls itself, directly or through others; a def uses itself or a
            later def; or a def's value is drawn, though it must be known at compile time.
    """
    order = _callees_first(functions)
    position = {name: i for i, name in enumerate(defs)}
    latest: dict[str, tuple[int, _Reach]] = {}
    draws: dict[str, _Reach] = {}
    for name in [*order, *defs]:
        uses = functions[name] if name in functions else defs[name]
        if uses.draws is not None:
            draws[name] = _Reach(uses.draws, None)
        for used, span in uses.names.items():
            if used in draws:
                draws.setdefault(name, _Reach(span, used))
            if used in defs:
                found = (position[used], _Reach(span, None))
            elif used in latest:
                found = (latest[used][0], _Reach(span, used))
            else:
                continue
            if name not in latest or found[0] > latest[name][0]:
                latest[name] = found
    for name in defs:
        if name in draws:
            place, calls = _follow(name, draws)
            raise GsdmcError(
                f"`{name}` is a def, known before anything is drawn; its value can't be random",
                place,
                calls=calls,
                hint="bind random values with `let`; `(extern ...)` draws data once, at compile time",
            )
        if name in latest and latest[name][0] >= position[name]:
            target = list(defs)[latest[name][0]]
            place, calls = _follow(name, {key: reach for key, (_, reach) in latest.items()})
            itself = target == name
            raise GsdmcError(
                f"`{name}` is used in its own definition"
                if itself
                else f"`{target}` is used before its definition",
                place,
                calls=calls,
                related=() if itself else ((f"`{target}` is defined here", places[target]),),
                hint="give it a value that doesn't depend on itself"
                if itself
                else f"move the def of `{target}` above that of `{name}`",
            )


def _follow(name: str, reach: Mapping[str, _Reach]) -> tuple[Span, tuple[Span, ...]]:
    """The place that a def leads to, and the calls on the way, innermost first."""
    calls: list[Span] = []
    step = reach[name]
    while step.through is not None:
        calls.append(step.place)
        step = reach[step.through]
    return step.place, tuple(reversed(calls))


def _callees_first(functions: Mapping[str, Uses]) -> list[str]:
    """The functions, each after those that it uses; not recursive, since chains may be long."""
    done: dict[str, None] = {}
    for start in functions:
        if start in done:
            continue
        path: dict[str, Span | None] = {start: None}
        pending: list[Iterator[tuple[str, Span]]] = [iter(functions[start].names.items())]
        while pending:
            for used, span in pending[-1]:
                if used in path:
                    raise _recursion(used, span, path)
                if used in functions and used not in done:
                    path[used] = span
                    pending.append(iter(functions[used].names.items()))
                    break
            else:
                pending.pop()
                done[path.popitem()[0]] = None
    return list(done)


def _recursion(name: str, closing: Span, path: Mapping[str, Span | None]) -> GsdmcError:
    names = list(path)
    cycle = names[names.index(name) :]
    through = cycle[1:]
    shown = through if len(through) <= 6 else [*through[:3], "...", *through[-2:]]
    calls = tuple(span for function in reversed(through) if (span := path[function]) is not None)
    return GsdmcError(
        f"`{name}` calls itself" + (f" through {', '.join(f'`{f}`' for f in shown)}" if through else ""),
        closing,
        calls=calls,
        hint="recursion is not supported: write `(loop count init f args ...)`, `reduce` or `foreach`",
    )
