"""Part of a batch, the rest of which is elsewhere: on another device, or in another pass of this one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor


class Draw(Protocol):
    """`torch.rand` or `torch.randn`."""

    def __call__(
        self,
        shape: tuple[int, ...],
        /,
        *,
        generator: torch.Generator,
        dtype: torch.dtype | None = None,
        device: torch.device,
    ) -> Tensor:
        """Random numbers of a shape."""
        ...


@dataclass(frozen=True)
class Part:
    """Which rows of a whole batch a batch is.

    The noise of a part is that of its rows in the whole, and its loss its share of the whole's: the losses of
    all parts of a batch, and so their gradients, sum to those of the whole, up to rounding.

    Attributes:
        first: the first row.
        size: rows of the whole.
        latent: latent elements of the whole, by array.
    """

    first: int
    size: int
    latent: Mapping[str, int]


def draw_rows(
    draw: Draw,
    shape: tuple[int, ...],
    part: Part | None,
    generator: torch.Generator,
    device: torch.device,
    dtype: torch.dtype | None = None,
) -> Tensor:
    """Random numbers `[B, ...]` of a batch; those of a part are drawn with the whole's, and picked."""
    if part is None:
        return draw(shape, generator=generator, dtype=dtype, device=device)
    whole = draw((part.size, *shape[1:]), generator=generator, dtype=dtype, device=device)
    return whole[part.first : part.first + shape[0]]
