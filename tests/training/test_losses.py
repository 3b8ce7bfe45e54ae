from __future__ import annotations

import math

import pytest
import torch

from gsdmc.training.losses import LONGEST, DivergedError, Losses


def feed(losses: Losses, values: list[float], step: int = 0) -> int:
    """Take steps of these losses, looking when that is due; the step after."""
    for value in values:
        losses.add(torch.tensor(value))
        step += 1
        if losses.due:
            losses.read(step)
    return step


def test_the_curve_has_a_point_per_interval_however_often_it_is_looked_at() -> None:
    one, other = Losses(0), Losses(0)
    one.interval = other.interval = 4
    values = [float(n) for n in range(10)]
    assert feed(one, values) == 10
    for step, value in enumerate(values, 1):
        other.add(torch.tensor(value))
        other.read(step)
    assert one.curve == other.curve == [(4, 1.5), (8, 5.5)]
    one.read(10)
    assert one.points(10) == other.points(10) == [(4, 1.5), (8, 5.5), (10, 8.5)]


def test_looks_are_rare_and_come_at_the_ends_of_blocks() -> None:
    losses = Losses(0)
    losses.interval = 10**6
    for _ in range(LONGEST - 1):
        losses.add(torch.tensor(1.0))
        assert not losses.due
    losses.add(torch.tensor(1.0))
    assert losses.due
    blocks = Losses(7)
    blocks.interval = 10**6
    looked = []
    for step in range(1, 22):
        blocks.add(torch.tensor(1.0))
        if blocks.due:
            blocks.read(step)
            looked.append(step)
    assert looked == [7, 14, 21]
    assert blocks.plateau.level


def test_the_rest_of_the_curve_survives_with_the_state() -> None:
    whole, part, restored = Losses(3), Losses(3), Losses(3)
    whole.interval = part.interval = restored.interval = 4
    values = [1 / n for n in range(1, 12)]
    feed(whole, values)
    feed(part, values[:6])
    part.read(6)
    restored.load(part.points(6), part.state())
    feed(restored, values[6:], 6)
    for losses in (whole, restored):
        losses.read(11)
    assert restored.points(11) == whole.points(11)
    assert restored.plateau.state().equal(whole.plateau.state())
    older = Losses(0)
    older.load([(3, 1.0)], {})
    assert older.points(3) == [(3, 1.0)]


@pytest.mark.parametrize("wrong", [math.nan, math.inf, -math.inf])
def test_the_first_step_without_a_finite_loss_is_named(wrong: float) -> None:
    losses = Losses(0)
    losses.interval = 8
    with pytest.raises(DivergedError) as caught:
        feed(losses, [1.0] * 13 + [wrong, math.nan, 1.0, 1.0])
    assert caught.value.step == 13
    assert caught.value.value == pytest.approx(wrong, nan_ok=True)
    assert losses.curve == [(8, 1.0)]


@pytest.mark.parametrize("first", [-20.0, 0.0, 1e-3, 1.0, 300.0])
def test_an_explosion_is_told_from_spikes(first: float) -> None:
    losses = Losses(0)
    losses.interval = 10
    large = 1001 * max(1.0, abs(first))
    step = feed(losses, [first, first, first, large / 900] * 15)
    assert losses.calm
    step = feed(losses, [first, 2 * large] * 5 + [first] * 20, step)  # spikes, as weights like 1 / t make
    assert losses.calm
    with pytest.raises(DivergedError) as caught:
        feed(losses, [2 * large] * 100, step)
    assert step < caught.value.step < step + 60
    assert not losses.calm


def test_what_is_no_state_is_refused() -> None:
    with pytest.raises(ValueError, match="not finite"):
        Losses(0).load([(1, 1.0)], {"recent": torch.tensor([math.nan])})
