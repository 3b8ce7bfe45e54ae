"""The registry of extern functions, and the gates of Boolean circuits."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from numpy.typing import NDArray

from gsdmc.language.kinds import BOOLEAN, COUNT, REAL, Kind, category
from gsdmc.program import externs
from gsdmc.program.externs import (
    ExternSpec,
    UnknownExternError,
    lookup,
    random_gates,
    register,
    registered,
)


@pytest.fixture
def scratch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(externs, "_REGISTRY", dict(externs._REGISTRY))


def output_shares(gates: NDArray[Any]) -> NDArray[Any]:
    """How often each gate's output is true, over all values of the inputs."""
    width = len(gates) + 1
    inputs = (np.arange(2**width)[:, None] >> np.arange(width)) & 1
    values = [inputs[:, i].astype(bool) for i in range(width)]
    for g, conjunction in enumerate(gates):
        a, b = values[2 * g], values[2 * g + 1]
        values.append(a & b if conjunction else a | b)
    shares: NDArray[Any] = np.array(values[width:]).mean(1)
    return shares


def spec_of(values: NDArray[Any], kind: Kind, **changes: Any) -> ExternSpec:
    fields: dict[str, Any] = {
        "exchangeable": (False,),
        "shape": lambda: values.shape[1:],
        "batched": True,
    } | changes
    return ExternSpec("f", lambda rng, batch: values, lambda: kind, **fields)


def test_an_unknown_name_suggests_the_nearest() -> None:
    with pytest.raises(UnknownExternError, match="'sudoku-grids'") as caught:
        lookup("sudoku-grids")
    assert caught.value.name == "sudoku-grids"
    assert caught.value.nearest == ("sudoku-grid",)
    assert isinstance(caught.value, LookupError)
    with pytest.raises(UnknownExternError) as caught:
        lookup("zzz")
    assert caught.value.nearest == ()


@pytest.mark.usefixtures("scratch")
def test_a_registered_function_is_found_and_keeps_its_name() -> None:
    def table(rng: np.random.Generator, batch: int, n: int) -> NDArray[Any]:
        return rng.integers(3, size=(batch, n, 2))

    spec = register(
        "table", table, kind=lambda n: category(3), shape=lambda n: (n, 2), exchangeable=(True, False)
    )
    assert lookup("table") is spec
    assert "table" in registered()
    assert spec.draw(np.random.default_rng(0), 4, 5).shape == (4, 5, 2)
    with pytest.raises(ValueError, match="registered already"):
        register("table", table, kind=lambda n: COUNT, shape=lambda n: (n, 2), exchangeable=(True, False))


def test_white_noise_is_a_matrix_of_standard_normals() -> None:
    noise = lookup("white-noise")
    assert (noise.shape(7), noise.kind(7), noise.exchangeable) == ((7,), REAL, (True,))
    values = noise.draw(np.random.default_rng(0), 400, 100)
    assert abs(values.mean()) < 0.03
    assert abs(values.std() - 1) < 0.03
    with pytest.raises(ValueError, match="the length of white noise must be an integer of at least 0"):
        noise.draw(np.random.default_rng(0), 1, -1)


def test_what_the_package_registers() -> None:
    assert registered() == ("random-gates", "sudoku-grid", "white-noise")
    sudoku, gates = lookup("sudoku-grid"), lookup("random-gates")
    assert (sudoku.shape(3), sudoku.kind(3)) == ((3, 3, 3, 3), category(9))
    assert sudoku.exchangeable == (True, True, True, True)
    assert (gates.shape(7), gates.kind(7), gates.exchangeable) == ((7,), BOOLEAN, (False,))
    for spec, size in ((sudoku, 2), (sudoku, 3), (gates, 7), (gates, 16)):
        first, second = (spec.draw(np.random.default_rng(3), 6, size) for _ in range(2))
        assert first.shape == (6, *spec.shape(size))
        np.testing.assert_array_equal(first, second)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("sudoku-grid", 0),
        ("sudoku-grid", 2.5),
        ("sudoku-grid", "3"),
        ("random-gates", -1),
        ("random-gates", True),
    ],
)
def test_sizes_that_make_no_sense_are_refused(name: str, value: Any) -> None:
    with pytest.raises(ValueError, match="must be an integer"):
        lookup(name).draw(np.random.default_rng(0), 1, value)


def test_an_unbatched_function_is_called_for_each_draw() -> None:
    spec = ExternSpec(
        "f", lambda rng, n: rng.normal(size=n), lambda n: REAL, lambda n: (n,), (True,), batched=False
    )
    draws = spec.draw(np.random.default_rng(0), 3, 4)
    np.testing.assert_array_equal(draws, np.random.default_rng(0).normal(size=(3, 4)))
    assert spec.draw(np.random.default_rng(0), 0, 4).shape == (0, 4)


@pytest.mark.parametrize(
    ("spec", "message"),
    [
        (spec_of(np.zeros((2, 3)), REAL, shape=lambda: (4,)), "drew shape"),
        (spec_of(np.zeros((2, 3)), REAL, exchangeable=(True, True)), "declares 2 dimensions"),
        (spec_of(np.zeros((2, 3)), BOOLEAN), "kind, boolean"),
        (spec_of(np.zeros((2, 3)), category(4)), "kind, category of 4"),
        (spec_of(np.full((2, 3), 4), category(4)), "kind, category of 4"),
        (spec_of(np.full((2, 3), -1), category(4)), "kind, category of 4"),
        (spec_of(np.full((2, 3), -1), COUNT), "kind, count"),
        (spec_of(np.zeros((2, 3), dtype=int), REAL), "kind, real"),
        (spec_of(np.full((2, 3), np.nan), REAL), "kind, real"),
    ],
)
def test_a_function_is_held_to_what_it_declares(spec: ExternSpec, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        spec.draw(np.random.default_rng(0), 2)


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (np.ones((2, 3), dtype=bool), BOOLEAN),
        (np.full((2, 3), 3), category(4)),
        (np.full((2, 3), 9), COUNT),
        (np.full((2, 3), -0.5, dtype=np.float32), REAL),
    ],
)
def test_what_fits_the_kind_passes(values: NDArray[Any], kind: Kind) -> None:
    assert spec_of(values, kind).draw(np.random.default_rng(0), 2) is values


@given(st.integers(1, 4), st.integers(0, 2**32 - 1))
def test_a_gate_in_range_is_always_taken(levels: int, seed: int) -> None:
    (gates,) = random_gates(np.random.default_rng(seed), 1, 2**levels - 1)
    shares = output_shares(gates)
    values = np.concatenate([np.full(2**levels, 0.5), shares])
    for g, share in enumerate(shares):
        p, q = values[2 * g], values[2 * g + 1]
        options = np.array([p * q, p + q - p * q])
        assert np.isclose(share, options[0 if gates[g] else 1])
        if ((options >= 0.2) & (options <= 0.8)).any():
            assert 0.2 <= share <= 0.8
        else:
            assert np.isclose(abs(share - 0.5), abs(options - 0.5).min())


def test_gates_are_random_where_both_will_do() -> None:
    gates = random_gates(np.random.default_rng(0), 4000, 3)
    assert gates.dtype == np.bool_
    first_two = gates[:, 0] * 2 + gates[:, 1]
    assert abs(np.bincount(first_two, minlength=4) / 4000 - 0.25).max() < 0.03
    # Above two alike, one gate is in range; above two unlike, neither is and both are as near.
    assert not gates[first_two == 0b00][:, 2].sum() - (first_two == 0b00).sum()
    assert not gates[first_two == 0b11][:, 2].any()
    unlike = gates[(first_two == 0b01) | (first_two == 0b10)][:, 2]
    assert abs(unlike.mean() - 0.5) < 0.05


def test_no_output_of_a_deep_circuit_is_nearly_constant() -> None:
    (gates,) = random_gates(np.random.default_rng(0), 1, 2**12 - 1)
    true, first = np.full(2**12, 0.5), 0
    while len(true) > 1:
        p, q = true[0::2], true[1::2]
        level = gates[first : first + len(p)]
        true, first = np.where(level, p * q, p + q - p * q), first + len(p)
        assert 0.1 < true.min() <= true.max() < 0.9


@pytest.mark.parametrize("count", [2, 16, 100])
def test_other_counts_are_fair_coins(count: int) -> None:
    gates = random_gates(np.random.default_rng(0), 5000, count)
    assert gates.shape == (5000, count)
    assert abs(gates.mean(0) - 0.5).max() < 0.035
