"""Whether a backend agrees with the reference on the machine at hand, in value and all gradients."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure

TOLERANCE = 1e-5
"""Of float32 against float64, relative to the largest number of each tensor, where that is above 1."""

BATCH, HEADS, WIDTH, ROLES = 3, 2, 24, 3
HUB, CHAIN, CLIQUE = 80, 60, 5
NAMES = ("values", "gradient of q", "gradient of k", "gradient of v", "gradient of the role bias")


@dataclass(frozen=True)
class Agreement:
    """How far a backend is from the reference.

    Attributes:
        backend: which one.
        device: where it ran.
        errors: the largest difference of the values and of each gradient, divided by the largest number
            of the reference or by 1; empty where it did not run.
        failure: what it raised, where it did not run.
    """

    backend: str
    device: str
    errors: dict[str, float]
    failure: str | None = None

    @property
    def holds(self) -> bool:
        """Whether all differences are rounding; NaN is none."""
        return self.failure is None and all(error <= TOLERANCE for error in self.errors.values())


def compare(backend: str, device: str = "cpu") -> Agreement:
    """Run a backend in float32 and the reference in float64 on a small graph.

    The graph has every shape that kernels treat apart: a row with more than 64 entries, a chain, a clique
    and single nodes, and pairs with several roles. Whatever a backend raises is an outcome, not an error:
    this is for machines where something is wrong.
    """
    structure = _structure()
    inputs = _inputs(structure.nodes)
    expected = _results(inputs, structure, "reference")
    try:
        moved = [x.to(device, torch.float32) for x in inputs]
        found = _results(moved, structure.to(device), backend)
    except Exception as error:
        first = (str(error).strip().splitlines() or [""])[0]
        return Agreement(backend, device, {}, f"{type(error).__name__}: {first}")
    errors = {}
    for name, got, exact in zip(NAMES, found, expected, strict=True):
        largest = max(1.0, float(exact.abs().max()))
        errors[name] = float((got.to("cpu", torch.float64) - exact).abs().max()) / largest
    return Agreement(backend, device, errors)


def _structure() -> Structure:
    hub = np.stack([np.zeros(HUB, np.int64), np.arange(1, HUB + 1)])
    chain = np.arange(HUB, HUB + CHAIN) + np.array([[0], [1]])
    clique = np.stack(np.triu_indices(CLIQUE, 1)) + HUB + CHAIN + 1
    edges = np.concatenate([hub, chain, clique], axis=1)
    nodes = int(edges.max()) + 4  # the last three have no neighbours
    loops = np.stack([np.arange(nodes)] * 2)
    again = edges[:, ::3]  # with a second role
    entries = np.concatenate([loops, edges, edges[::-1], again], axis=1)
    roles = np.repeat([0, 1, 2, 0], [nodes, edges.shape[1], edges.shape[1], again.shape[1]])
    return Structure.build(nodes, entries[0], entries[1], roles, ROLES)


def _inputs(nodes: int) -> list[Tensor]:
    """q, k, v and role bias, with the values of float32."""
    generator = torch.Generator().manual_seed(0)
    shape = BATCH, nodes, HEADS, WIDTH
    tables = [torch.randn(shape, generator=generator).transpose(1, 2) for _ in range(3)]  # [B, H, N, D]
    return [x.double() for x in (*tables, torch.randn(HEADS, ROLES, generator=generator))]


def _results(inputs: list[Tensor], structure: Structure, backend: str) -> list[Tensor]:
    """The output and the gradients of all inputs, for an upstream gradient that no symmetry makes vanish."""
    leaves = [x.detach().requires_grad_() for x in inputs]
    q, k, v, bias = leaves
    out = sparse_attention(q, k, v, structure, bias, backend=backend)
    upstream = torch.sin(torch.arange(out.numel(), dtype=torch.float64)).view(out.shape)
    return [out.detach(), *torch.autograd.grad(out, leaves, upstream.to(out))]
