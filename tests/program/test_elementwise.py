"""Scalar builtins: compile-time numbers and tensors agree, and values lie in their types' ranges."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.language.builtins import BUILTINS, NUMERIC
from gsdmc.program.elementwise import ELEMENTWISE, IDENTITY, SYMMETRIC
from gsdmc.program.tape import Type

ARITY = {"pow": 2, "mod": 2, "rem": 2, "quot": 2, "if": 3}
UNARY = {"negate", "abs", "exp", "log", "sqrt", "sin", "cos", "tanh", "sigmoid", "floor", "ceil", "round"}
UNARY |= {"inc", "dec", "zero?", "not", "sign", "square", "log1p", "expm1", "tan", "atan", "softplus", "relu"}
UNARY |= {"pos?", "neg?", "even?", "odd?"}
INTERNAL = {"negate", "if"}

scalars = st.one_of(
    st.booleans(),
    st.integers(-4, 4),
    st.floats(-4, 4, allow_nan=False).map(lambda x: round(x, 3)),
)


def arity(name: str) -> int:
    return 1 if name in UNARY else ARITY.get(name, 2)


def arguments(name: str) -> st.SearchStrategy[list[bool | int | float]]:
    booleans = ELEMENTWISE[name].booleans
    if name == "if":
        return st.tuples(st.booleans(), scalars, scalars).map(list)
    return st.lists(st.booleans() if booleans else scalars, min_size=arity(name), max_size=arity(name))


def type_of(value: bool | int | float) -> Type:
    if isinstance(value, bool):
        return Type("bool", 0, 1)
    return Type("int" if isinstance(value, int) else "real", value, value)


@pytest.mark.parametrize("name", ELEMENTWISE)
@given(st.data())
def test_numpy_torch_and_types_agree(name: str, data: st.DataObject) -> None:
    args = data.draw(arguments(name))
    function = ELEMENTWISE[name]
    with np.errstate(all="ignore"):
        static = np.asarray(function.static(*(np.asarray(a) for a in args)))
    divides = name in ("/", "mod", "rem", "quot") and not args[1]
    if divides or not np.isfinite(static):
        return
    tensor = function.tensor(*(torch.tensor(a, dtype=_dtype(a)) for a in args))
    assert float(tensor) == pytest.approx(float(static), rel=1e-12, abs=1e-12)
    known = function.type(*(type_of(a) for a in args))
    assert known.low - 1e-9 <= float(static) <= known.high + 1e-9
    assert (known.base == "bool") == (tensor.dtype == torch.bool) == (static.dtype == bool)
    if known.base == "int":
        assert not tensor.is_floating_point()


def _dtype(value: bool | int | float) -> torch.dtype:
    if isinstance(value, bool):
        return torch.bool
    return torch.int64 if isinstance(value, int) else torch.float64


@given(st.sampled_from(["+", "-", "*", "min", "max", "mod", "rem", "quot"]), st.data())
def test_ranges_hold_for_all_values_in_the_arguments_ranges(name: str, data: st.DataObject) -> None:
    low, high = sorted(data.draw(st.tuples(st.integers(-5, 5), st.integers(-5, 5))))
    first, last = sorted(data.draw(st.tuples(st.integers(-5, 5), st.integers(-5, 5))))
    known = ELEMENTWISE[name].type(Type("int", low, high), Type("int", first, last))
    for a in range(low, high + 1):
        for b in range(first, last + 1):
            if b or name not in ("mod", "rem", "quot"):
                value = int(ELEMENTWISE[name].static(np.asarray(a), np.asarray(b)))
                assert known.low <= value <= known.high


def test_every_numeric_builtin_is_implemented() -> None:
    assert set(ELEMENTWISE) - INTERNAL - {"="} == NUMERIC
    assert set(SYMMETRIC) <= set(BUILTINS)
    assert set(IDENTITY) <= set(SYMMETRIC)


def test_unlimited_ranges_stay_sound() -> None:
    unknown, zero = Type("real"), Type("int", 0, 0)
    product = ELEMENTWISE["*"].type(unknown, zero)
    assert (product.low, product.high) == (0, 0)
    difference = ELEMENTWISE["-"].type(Type("int", 0, math.inf), Type("int", 0, math.inf))
    assert (difference.low, difference.high) == (-math.inf, math.inf)
