"""Scalar functions of the language: on compile-time numbers, on tensors, and on what is known of ranges."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from scipy.special import expit
from torch import Tensor

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
    if np.isnan(low) or np.isnan(high):
        low, high = -np.inf, np.inf
    return Type("real" if "real" in (a.base, b.base) else "int", low, high)


def _add(a: Type, b: Type) -> Type:
    return _join(a, b, a.low + b.low, a.high + b.high)


def _sub(a: Type, b: Type) -> Type:
    return _join(a, b, a.low - b.high, a.high - b.low)


def _mul(a: Type, b: Type) -> Type:
    products = [x * y for x in (a.low, a.high) for y in (b.low, b.high)]
    corners = [0.0 if np.isnan(p) else p for p in products]  # 0 times infinity
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


def _below(d: Type, whole: bool) -> float:
    """How large a remainder of a division by `d` can be."""
    return max(abs(d.low), abs(d.high)) - whole


def _modulo(n: Type, d: Type) -> Type:
    if d.low <= 0:
        return _join(n, d, -np.inf, np.inf)
    high = _below(d, "real" not in (n.base, d.base))
    return _join(n, d, 0, min(high, n.high) if n.low >= 0 else high)


def _remainder(n: Type, d: Type) -> Type:
    high = _below(d, "real" not in (n.base, d.base))
    return _join(n, d, -high if n.low < 0 else 0, high if n.high > 0 else 0)


def _quotient(n: Type, d: Type) -> Type:
    if d.low < 1:
        return Type("int")
    return Type("int", min(float(np.trunc(n.low)), 0), max(float(np.trunc(n.high)), 0))


def _whole(a: Type) -> Type:
    return Type("int", float(np.floor(a.low)), float(np.ceil(a.high)))


def _square(a: Type) -> Type:
    a = _absolute(a)
    return Type(a.base, a.low * a.low, a.high * a.high)


def _rectified(a: Type) -> Type:
    a = _number(a)
    return Type(a.base, max(a.low, 0.0), max(a.high, 0.0))


def _select(_: Type, a: Type, b: Type) -> Type:
    if a.base == b.base == "bool":
        return BOOL
    return _join(a, b, min(a.low, b.low), max(a.high, b.high))


def _np(function: Callable[..., Any]) -> Callable[..., Number]:
    def wrapped(*args: Any) -> Any:
        return function(*(a.astype(np.int64) if a.dtype == bool else a for a in args))

    return wrapped


def _torch(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    def wrapped(*args: Tensor) -> Tensor:
        return function(*(a.to(torch.int64) if a.dtype == torch.bool else a for a in args))

    return wrapped


def _torch_real(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    """Whole numbers are exact in double precision; draws round to their own."""

    def wrapped(*args: Tensor) -> Tensor:
        return function(*(a if a.is_floating_point() else a.double() for a in args))

    return wrapped


def _times(a: Tensor, b: Tensor) -> Tensor:
    if a.dtype == torch.bool and b.dtype == torch.bool:
        return (a & b).to(torch.int64)
    return a * b


def _whole_np(function: Callable[..., Any]) -> Callable[..., Number]:
    return _np(lambda *args: function(*args).astype(np.int64))


def _whole_torch(function: Callable[..., Tensor]) -> Callable[..., Tensor]:
    return _torch_real(lambda *args: function(*args).to(torch.int64))


def _divide_np(a: Any, b: Any) -> Any:
    """Whole quotients of whole numbers stay whole, as Clojure's ratios do."""
    exact = np.true_divide(a, b)
    whole = all(np.issubdtype(x.dtype, np.integer) for x in (a, b)) and (exact == np.floor(exact)).all()
    return exact.astype(np.int64) if whole else exact


def _power_np(a: Any, b: Any) -> Any:
    whole = all(np.issubdtype(x.dtype, np.integer) for x in (a, b)) and (b >= 0).all()
    return np.power(a, b) if whole else np.power(a.astype(np.float64), b)


def _quotient_torch(a: Tensor, b: Tensor) -> Tensor:
    return torch.div(a, b, rounding_mode="trunc").to(torch.int64)


def _softplus(a: Tensor) -> Tensor:
    return torch.logaddexp(torch.zeros_like(a), a)


_one = Type("int", 1, 1)
_E = Elementwise
ELEMENTWISE: dict[str, Elementwise] = {
    "+": _E(_np(np.add), _torch(torch.add), _add, folds=True),
    "-": _E(_np(np.subtract), _torch(torch.subtract), _sub, folds=True),
    "*": _E(_np(np.multiply), _times, _mul, folds=True),
    "/": _E(_np(_divide_np), _torch_real(torch.true_divide), _real, folds=True),
    "min": _E(_np(np.minimum), _torch(torch.minimum), _extremes(min), folds=True),
    "max": _E(_np(np.maximum), _torch(torch.maximum), _extremes(max), folds=True),
    "and": _E(np.logical_and, torch.logical_and, _bool, folds=True, booleans=True),
    "or": _E(np.logical_or, torch.logical_or, _bool, folds=True, booleans=True),
    "not": _E(np.logical_not, torch.logical_not, _bool, booleans=True),
    "=": _E(np.equal, torch.eq, _bool, compares=True),
    "<": _E(_np(np.less), _torch(torch.lt), _bool, compares=True),
    "<=": _E(_np(np.less_equal), _torch(torch.le), _bool, compares=True),
    ">": _E(_np(np.greater), _torch(torch.gt), _bool, compares=True),
    ">=": _E(_np(np.greater_equal), _torch(torch.ge), _bool, compares=True),
    "negate": _E(_np(np.negative), _torch(torch.neg), _negative),
    "abs": _E(_np(np.abs), _torch(torch.abs), _absolute),
    "exp": _E(_np(np.exp), _torch_real(torch.exp), _real),
    "log": _E(_np(np.log), _torch_real(torch.log), _real),
    "sqrt": _E(_np(np.sqrt), _torch_real(torch.sqrt), _real),
    "sign": _E(_whole_np(np.sign), _whole_torch(torch.sign), lambda a: Type("int", -1, 1)),
    "square": _E(_np(np.square), _torch(torch.square), _square),
    "log1p": _E(_np(np.log1p), _torch_real(torch.log1p), _real),
    "expm1": _E(_np(np.expm1), _torch_real(torch.expm1), _real),
    "tan": _E(_np(np.tan), _torch_real(torch.tan), _real),
    "atan": _E(_np(np.arctan), _torch_real(torch.atan), _real),
    "softplus": _E(_np(lambda a: np.logaddexp(0.0, a)), _torch_real(_softplus), _real),
    "relu": _E(_np(lambda a: np.maximum(a, 0)), _torch(torch.relu), _rectified),
    "sin": _E(_np(np.sin), _torch_real(torch.sin), _real),
    "cos": _E(_np(np.cos), _torch_real(torch.cos), _real),
    "tanh": _E(_np(np.tanh), _torch_real(torch.tanh), _real),
    "sigmoid": _E(_np(expit), _torch_real(torch.sigmoid), _real),
    "pow": _E(_np(_power_np), _torch_real(torch.pow), _real),
    "floor": _E(_whole_np(np.floor), _whole_torch(torch.floor), _whole),
    "ceil": _E(_whole_np(np.ceil), _whole_torch(torch.ceil), _whole),
    "round": _E(_whole_np(np.round), _whole_torch(torch.round), _whole),
    "mod": _E(_np(np.mod), _torch(torch.remainder), _modulo),
    "rem": _E(_np(np.fmod), _torch(torch.fmod), _remainder),
    "quot": _E(_whole_np(lambda a, b: np.trunc(a / b)), _torch(_quotient_torch), _quotient),
    "inc": _E(_np(lambda a: a + 1), _torch(lambda a: a + 1), lambda a: _add(a, _one)),
    "dec": _E(_np(lambda a: a - 1), _torch(lambda a: a - 1), lambda a: _sub(a, _one)),
    "zero?": _E(lambda a: a == 0, lambda a: a == 0, _bool),
    "pos?": _E(lambda a: a > 0, lambda a: a > 0, _bool),
    "neg?": _E(lambda a: a < 0, lambda a: a < 0, _bool),
    "even?": _E(_np(lambda a: np.mod(a, 2) == 0), _torch(lambda a: torch.remainder(a, 2) == 0), _bool),
    "odd?": _E(_np(lambda a: np.mod(a, 2) == 1), _torch(lambda a: torch.remainder(a, 2) == 1), _bool),
    "if": _E(np.where, torch.where, _select),
}
"""Every element-wise builtin by name; `negate` and `if` are internal spellings of `-` and `if`."""

SYMMETRIC = ("+", "*", "min", "max", "and", "or")
"""Functions whose fold doesn't depend on order: a plate folded by them stays exchangeable."""

IDENTITY: dict[str, bool | int] = {"+": 0, "*": 1, "and": True, "or": False}
"""What a symmetric function gives for no arguments, where it has such a value."""
