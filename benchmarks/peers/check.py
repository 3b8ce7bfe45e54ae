"""No figure before values and all gradients are right, against float64 and at the shape that is timed."""

from __future__ import annotations

import torch
from torch import Tensor

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure

from .attentions import Attention, edges

REFERENCE_NODES = 3000
"""Dense float64 products of more nodes don't fit. Beyond, the edge list is the oracle: in float64, and itself
under check wherever the reference runs."""


def inputs(
    s: Structure, batch: int, heads: int, width: int, dtype: torch.dtype = torch.float32, seed: int = 0
) -> list[Tensor]:
    """q, k, v and the upstream gradient on the structure's device, laid out as a network leaves them."""
    device = s.indptr.device
    generator = torch.Generator(device).manual_seed(seed)
    tensors = []
    for number in range(4):
        x = torch.randn(batch, s.nodes, heads, width, generator=generator, device=device)
        tensors.append(x.to(dtype).transpose(1, 2).requires_grad_(number < 3))
    return tensors


def forward_backward(attend: Attention, tensors: list[Tensor], bias: Tensor | None = None) -> list[Tensor]:
    """Output, and gradients of q, k and v, and of the role bias that `attend` adds, if any."""
    q, k, v, upstream = tensors
    out = attend(q, k, v)
    leaves = (q, k, v) if bias is None else (q, k, v, bias)
    return [out.detach(), *torch.autograd.grad(out, leaves, upstream)]


def forward(attend: Attention, tensors: list[Tensor]) -> list[Tensor]:
    """Output alone, nothing kept for a backward pass."""
    q, k, v, _ = (x.detach() for x in tensors)
    with torch.no_grad():
        return [attend(q, k, v)]


def examples(tensors: list[Tensor]) -> list[Tensor]:
    """The first and the last example of the first four tensors, all of a bias's gradient; in float64."""
    return [(x.detach()[[0, -1]] if number < 4 else x.detach()).double() for number, x in enumerate(tensors)]


def oracle(s: Structure, tensors: list[Tensor]) -> list[Tensor]:
    """What those examples' output and gradients are."""
    doubled = examples(tensors)
    for x in doubled[:3]:
        x.requires_grad_()

    def reference(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return sparse_attention(q, k, v, s, backend="reference")

    return forward_backward(reference if s.nodes <= REFERENCE_NODES else edges(s, 2), doubled)


def oracle_with_roles(s: Structure, tensors: list[Tensor], bias: Tensor) -> list[Tensor]:
    """The same with a role bias, `[H, R]`, and the bias's gradient over all examples, from edge lists."""
    leaf = bias.detach().double().requires_grad_()
    total, last = torch.zeros_like(leaf), tensors[0].shape[0] - 1
    kept: dict[int, list[Tensor]] = {}
    for number in range(last + 1):
        parts = [x.detach()[number : number + 1].double() for x in tensors]
        for x in parts[:3]:
            x.requires_grad_()
        entry_bias = (leaf @ s.membership.double().T).index_select(1, s.role_sets).T  # [E, H]
        found = forward_backward(edges(s, 1, entry_bias), parts, leaf)
        total += found.pop()
        if number in (0, last):
            kept[number] = found
    return [*(torch.cat(pair) for pair in zip(kept[0], kept[last], strict=True)), total]


def error(got: list[Tensor], exact: list[Tensor]) -> float:
    """Largest difference of any tensor, relative to its largest number; infinite where one isn't finite."""
    worst = 0.0
    for a, b in zip(got, exact, strict=False):  # a forward pass has values alone
        if a.shape[1:] != b.shape[1:]:
            return float("inf")
        found = float((a.double() - b).abs().max() / b.abs().max())
        worst = max(worst, found if found == found else float("inf"))
    return worst
