"""Limits: what they are, how they are raised, and the stack that deep nesting needs."""

from __future__ import annotations

import sys
import threading
from dataclasses import asdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.language import GsdmcError
from gsdmc.language.limits import DEEPEST, Limits, active, cure, on_deep_stack, within


def test_some_are_raised_and_the_others_stay() -> None:
    limits = Limits().changed({"nodes": 7}).changed({"steps": 9})
    assert limits.raised() == {"nodes": 7, "steps": 9}
    assert asdict(limits) == asdict(Limits()) | {"nodes": 7, "steps": 9}


@pytest.mark.parametrize(
    ("changes", "says", "hint"),
    [
        ({"node": 3}, "no limit `node`", "did you mean `nodes`"),
        ({"q": 3}, "no limit `q`", "the limits are nesting, steps, size, unrolled, table, nodes, edges"),
        ({"nodes": 0}, "`nodes` is a whole number above 0, not 0", None),
        ({"nodes": 1.5}, "not 1.5", None),
        ({"nodes": True}, "not True", None),
        ({"nesting": DEEPEST + 1}, f"raised to {DEEPEST} at most", None),
    ],
)
def test_what_is_no_limit(changes: dict[str, int], says: str, hint: str | None) -> None:
    with pytest.raises(GsdmcError, match=says) as caught:
        Limits().changed(changes)
    assert hint is None or hint in (caught.value.hint or "")


def test_the_active_limits_end_with_the_compilation() -> None:
    with within(Limits(nodes=3)):
        assert active().nodes == 3
        with within(Limits(nodes=4)):
            assert active().nodes == 4
        assert active().nodes == 3
    assert active() == Limits()


@given(st.integers(1, 10**12))
def test_the_cure_is_enough_and_not_far_from_what_is_needed(needed: int) -> None:
    words = cure("edges", needed)
    number = int(words.partition("--limit edges=")[2].partition(",")[0])
    assert needed <= number < 2.5 * needed + 1
    assert f'limits={{"edges": {number}}}' in words


def test_the_cure_without_a_need_is_more_than_the_limit() -> None:
    with within(Limits(steps=30)):
        assert "--limit steps=100," in cure("steps")


def depth(n: int) -> int:
    return 1 + depth(n - 1) if n else 0


def test_a_deep_stack_gives_results_errors_and_the_context_and_is_gone_afterwards() -> None:
    before = sys.getrecursionlimit(), threading.stack_size()
    assert on_deep_stack(5_000, lambda: depth(50_000)) == 50_000
    with pytest.raises(ZeroDivisionError):
        on_deep_stack(5_000, lambda: 1 // 0)
    with within(Limits(nodes=3)):
        assert on_deep_stack(5_000, active) == Limits(nodes=3)
    assert (sys.getrecursionlimit(), threading.stack_size()) == before


def test_the_usual_nesting_needs_no_thread() -> None:
    assert on_deep_stack(Limits.nesting, threading.get_ident) == threading.get_ident()
    assert on_deep_stack(Limits.nesting + 1, threading.get_ident) != threading.get_ident()
