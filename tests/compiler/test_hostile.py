"""Hostile programs end in a problem or in a diagnostic; `benchmarks/hostile.py` says how soon.

All of them, with programs and limits a hundredth of their usual size; a sample of those that take long at
their full size.
"""

from __future__ import annotations

import random
from collections.abc import Iterable
from dataclasses import asdict

import pytest

from gsdmc.compiler import CompileOptions, compile_text
from gsdmc.language import GsdmcError, render
from gsdmc.language.limits import Limits
from tests.compiler.hostile import graphs, growth, laws, sizes, texts

SCALE = 100
LENGTH, SIZE = 100_000, 990_000  # bytes of a text, iterations over one thing: just within the limits
SMALL = CompileOptions().changed(
    limits={name: number // SCALE for name, number in asdict(Limits()).items() if name != "nesting"}
)


def programs(scale: int) -> dict[str, dict[str, str]]:
    return {
        "text": texts.texts(LENGTH // scale),
        "growth": growth.texts(),
        "size": sizes.texts(SIZE // scale),
        "graph": graphs.texts(SIZE // scale),
        "law": laws.texts(SIZE // scale),
    }


def wrong(found: Iterable[tuple[str, str]], options: CompileOptions, *, whole: bool) -> list[str]:
    """What ends in anything but a problem, `whole` with its network's layout, or a diagnostic."""
    bad = []
    for name, text in found:
        try:
            problem = compile_text(text, "hostile.clj", {}, options)
            if whole and problem.graph.nodes:
                assert problem.layout.nodes == problem.metrics.nodes
                assert all(map(render, problem.warnings))
        except GsdmcError as error:
            if not (error.message and render(error)):
                bad.append(f"{name}: a diagnostic without words")
        except Exception as error:
            bad.append(f"{name}: {type(error).__name__}: {str(error)[:200]}")
    return bad


@pytest.mark.parametrize("group", programs(SCALE))
def test_small_ones_end_in_a_problem_or_a_diagnostic(group: str) -> None:
    assert not wrong(programs(SCALE)[group].items(), SMALL, whole=True)


@pytest.mark.slow
@pytest.mark.parametrize(("group", "count"), [("text", 6), ("growth", 6), ("graph", 4)])
def test_large_ones_end_in_a_problem_or_a_diagnostic(group: str, count: int) -> None:
    found = sorted(programs(1)[group].items())
    assert not wrong(random.Random(0).sample(found, count), CompileOptions(), whole=False)
