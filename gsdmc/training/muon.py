"""Muon: momentum whose update of every matrix is orthogonalised."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import Tensor

COEFFICIENTS = (3.4445, -4.7750, 2.0315)
ITERATIONS = 5


class Muon(torch.optim.Optimizer):
    """Nesterov momentum, orthogonalised by Newton-Schulz iterations (Jordan et al. 2024).

    Matrices of one shape are orthogonalised together. Their update has root-mean-square entries of about
    `1 / sqrt(max(rows, columns))`, times `sqrt(max(1, rows / columns))`.
    """

    def __init__(self, matrices: Iterable[Tensor], lr: float, momentum: float = 0.95) -> None:
        super().__init__(matrices, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> None:  # type: ignore[override]
        """Update every matrix by its gradient."""
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = defaultdict(list)
            for matrix in group["params"]:
                if matrix.grad is not None:
                    by_shape[matrix.shape].append(matrix)
            for shape, matrices in by_shape.items():
                gradients = [m.grad for m in matrices if m.grad is not None]
                buffers = [self._buffer(m) for m in matrices]
                torch._foreach_lerp_(buffers, gradients, 1 - group["momentum"])
                nesterov = torch._foreach_lerp(gradients, buffers, group["momentum"])
                updates = orthogonalise(torch.stack(list(nesterov)))
                scale = max(1.0, shape[0] / shape[1]) ** 0.5
                torch._foreach_add_(matrices, list(updates.unbind(0)), alpha=-group["lr"] * scale)

    def _buffer(self, matrix: Tensor) -> Tensor:
        state = self.state[matrix]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(matrix)
        buffer: Tensor = state["momentum"]
        return buffer


def orthogonalise(matrices: Tensor) -> Tensor:
    """Bring the singular values of `[M, rows, columns]` close to one by a quintic iteration."""
    a, b, c = COEFFICIENTS
    tall = matrices.shape[-2] > matrices.shape[-1]
    x = matrices.mT if tall else matrices
    x = x / (x.norm(dim=(-2, -1), keepdim=True) + 1e-7)
    for _ in range(ITERATIONS):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x
