"""Sums along the residual stream."""

from __future__ import annotations

from torch import Tensor


def add(update: Tensor, x: Tensor) -> Tensor:
    """`x + update`, written over `update` where its precision is that of `x`.

    Meant for what a linear layer gave, which no backward pass reads: a sum in place spares memory traffic,
    which is most of the cost of a sum.
    """
    return update.add_(x) if update.dtype == x.dtype else x + update
