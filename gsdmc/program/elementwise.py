"""Scalar functions of the language: on compile-time numbers, on tensors, and on what is known of ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from gsdmc.program.tape import BOOL, Type

Number = Any  # a numpy array or a torch tensor: each function exists for both


@dataclass(frozen=True)
class Elementwise:
    """An element-wise function: `static` on numpy arrays, `tensor` on torch, `type` on types.

    `folds` functions take two arguments at a time, from the left; `compares` ones hold pairwise.
    """

    static: Callable[..., Number]
    tensor: Callable[..., Number]
    type: Callable[..., Type]
    folds: bool = False
    compares: bool = False
    booleans: bool = False


def _number(t: Type) -> Type:
    return Type("int", t.low, t.high) if t.base == "bool" else t


def _join(a: Type, b: Type, low: float, high: float) -> Type:
    base = "real" if "real" in (a.base, b.base) else "int"
    if np.isnan(low) or np.isnan(high):
        low, high = -np.inf, np.inf
    return Type(base, low, high)  # type: ignore[arg-type]


def _add(a: Type, b: Type) -> Type:
    return _join(a, b, a.low + b.low, a.high + b.high)


def _sub(a: Type, b: Type) -> Type:
    return _join(a, b, a.low - b.high, a.high - b.low)


def _mul(a: Type, b: Type) -> Type:
    with np.errstate(invalid="ignore"):
        corners = [np.float64(x) * y for x in (a.low, a.high) for y in (b.low, b.high)]
    corners = [0.0 if np.isnan(c) else float(c) for c in corners]
    return _join(a, b, min(corners), max(corners))


def _extremes(pick: Callable[[float, float], float]) -> Callable[[Type, Type], Type]:
    return lambda a, b: _join(a, b, pick(a.low, b.low), pick(a.high, b.high))


def _negative(a: Type) -> Type:
    a = _number(a)
    return Type(a.base, -a.high, -a.low)


def _absolute(a: Type) -> Type:
    a = _number(a)
    low = 0.0 if a.low <= 0 <= a.high else min(abs(a.low), abs(a.high))
    return Type(a.base, low, max(abs(a.low), abs(a.high)))


def _real(*_: Type) -> Type:
    return Type("real")


def _bool(*_: Type) -> Type:
    return BOOL


def _modulo(a: Type, b: Type) -> Type:
    if b.low > 0:
        return _join(a, b, 0, b.high - 1 if "real" not in (a.base, b.base) else b.high)
    return _join(a, b, -np.inf, np.inf)


def _whole(a: Type) -> Type:
    return Type("int", float(np.floor(a.low)), float(np.ceil(a.high)))


def _select(_: Type, a: Type, b: Type) -> Type:
    if a.base == b.base == "bool":
        return BOOL
    return _join(a, b, min(a.low, b.low), max(a.high, b.high))


def _np(function: Callable[..., Any]) -> Callable[..., Number]:
    def wrapped(*args: Any) -> Any:
        return function(*(a.astype(np.int64) if a.dtype == bool else a for a in args))

    return wrapped


def _torch(function: Callable[..., Any]) -> Callable[..., Number]:
    def wrapped(*args: torch.Tensor) -> torch.Tensor:
        return function(*(a.to(torch.int64) if a.dtype == torch.bool else a for a in args))

    return wrapped


def _torch_real(function: Callable[..., Any]) -> Callable[..., Number]:
    def wrapped(*args: torch.Tensor) -> torch.Tensor:
        default = torch.get_default_dtype()
        return function(*(a if a.is_floating_point() else a.to(default) for a in args))

    return wrapped


def _times(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    if a.dtype == torch.bool and b.dtype == torch.bool:
        return (a & b).to(torch.int64)
    return a * b


def _rounded(function: Callable[[Any], Any], cast: Callable[[Any], Any]) -> Callable[[Any], Any]:
    return lambda a: cast(function(a))


def _int_np(a: Any) -> Any:
    return a.astype(np.int64)


def _int_torch(a: torch.Tensor) -> torch.Tensor:
    return a.to(torch.int64)


def _divide_np(a: Any, b: Any) -> Any:
    """Whole quotients of whole numbers stay whole, as Clojure's ratios do."""
    exact = np.true_divide(a, b)
    whole = all(np.issubdtype(x.dtype, np.integer) for x in (a, b)) and (exact == np.floor(exact)).all()
    return exact.astype(np.int64) if whole else exact


def _power_np(a: Any, b: Any) -> Any:
    whole = all(np.issubdtype(x.dtype, np.integer) for x in (a, b)) and (b >= 0).all()
    return np.power(a, b) if whole else np.power(a.astype(np.float64), b)


E_ = Elementwise
ELEMENTWISE: dict[str, Elementwise] = {
    "+": E_(_np(np.add), _torch(torch.add), _add, folds=True),
    "-": E_(_np(np.subtract), _torch(torch.subtract), _sub, folds=True),
    "*": E_(_np(np.multiply), _times, _mul, folds=True),
    "/": E_(_np(_divide_np), _torch_real(torch.true_divide), _real, folds=True),
    "min": E_(_np(np.minimum), _torch(torch.minimum), _extremes(min), folds=True),
    "max": E_(_np(np.maximum), _torch(torch.maximum), _extremes(max), folds=True),
    "and": E_(np.logical_and, torch.logical_and, _bool, folds=True, booleans=True),
    "or": E_(np.logical_or, torch.logical_or, _bool, folds=True, booleans=True),
    "not": E_(np.logical_not, torch.logical_not, _bool, booleans=True),
    "=": E_(np.equal, torch.eq, _bool, compares=True),
    "not=": E_(np.not_equal, torch.ne, _bool),
    "<": E_(_np(np.less), _torch(torch.lt), _bool, compares=True),
    "<=": E_(_np(np.less_equal), _torch(torch.le), _bool, compares=True),
    ">": E_(_np(np.greater), _torch(torch.gt), _bool, compares=True),
    ">=": E_(_np(np.greater_equal), _torch(torch.ge), _bool, compares=True),
    "negate": E_(_np(np.negative), _torch(torch.neg), _negative),
    "abs": E_(_np(np.abs), _torch(torch.abs), _absolute),
    "exp": E_(np.exp, _torch_real(torch.exp), _real),
    "log": E_(np.log, _torch_real(torch.log), _real),
    "sqrt": E_(np.sqrt, _torch_real(torch.sqrt), _real),
    "sin": E_(np.sin, _torch_real(torch.sin), _real),
    "cos": E_(np.cos, _torch_real(torch.cos), _real),
    "tanh": E_(np.tanh, _torch_real(torch.tanh), _real),
    "sigmoid": E_(lambda a: 1 / (1 + np.exp(-a)), _torch_real(torch.sigmoid), _real),
    "pow": E_(_np(_power_np), _torch(torch.pow), _real),
    "floor": E_(_rounded(np.floor, _int_np), _rounded(_torch_real(torch.floor), _int_torch), _whole),
    "ceil": E_(_rounded(np.ceil, _int_np), _rounded(_torch_real(torch.ceil), _int_torch), _whole),
    "round": E_(_rounded(np.round, _int_np), _rounded(_torch_real(torch.round), _int_torch), _whole),
    "mod": E_(_np(np.mod), _torch(torch.remainder), _modulo),
    "rem": E_(_np(np.fmod), _torch(torch.fmod), lambda a, b: _join(a, b, -np.inf, np.inf)),
    "quot": E_(
        _np(lambda a, b: np.trunc(a / b).astype(np.int64)),
        _torch(lambda a, b: torch.div(a, b, rounding_mode="trunc").to(torch.int64)),
        lambda a, b: Type("int"),
    ),
    "inc": E_(_np(lambda a: a + 1), _torch(lambda a: a + 1), lambda a: _add(a, Type("int", 1, 1))),
    "dec": E_(_np(lambda a: a - 1), _torch(lambda a: a - 1), lambda a: _add(a, Type("int", -1, -1))),
    "zero?": E_(lambda a: a == 0, lambda a: a == 0, _bool),
    "if": E_(np.where, torch.where, _select),
}
"""Every element-wise builtin by name; `negate` and `if` are internal spellings of `-` and `if`."""

SYMMETRIC = ("+", "*", "min", "max", "and", "or")
"""Functions whose fold doesn't depend on order: a plate folded by them stays exchangeable."""

IDENTITY: dict[str, bool | int] = {"+": 0, "*": 1, "and": True, "or": False}
"""What a symmetric function gives for no arguments, where it has such a value."""
