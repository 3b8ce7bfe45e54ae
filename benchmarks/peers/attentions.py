"""Other ways to compute the same attention, each as good as plain torch makes it; autograd differentiates.

- `padded`: the way of Weilbach et al. 2022, who gather the keys and values of every row's neighbours, all
  rows padded to the largest degree.
- `sdpa`: torch's scaled dot product attention with a dense additive mask.
- `edges`: the way of PyTorch Geometric's `TransformerConv`: the examples of a batch are one graph, every edge
  gathers its query, key and value, softmax and sums are scatters.
- `flex`: FlexAttention with a block mask (`flex.py`).
"""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import Tensor
from torch.nn import functional

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure

Attention = Callable[[Tensor, Tensor, Tensor], Tensor]
Maker = Callable[[Structure, int], Attention]
"""From a structure, on the device to run on, and the batch size."""


def padded(s: Structure, batch: int) -> Attention:
    """Gather keys and values of every neighbour, each row padded to the largest degree."""
    slots = torch.arange(int(s.degrees.max()), device=s.indptr.device)
    empty = slots >= s.degrees[:, None]  # [N, g]
    table = s.indices[(s.indptr[:-1, None] + slots).clamp(max=s.entries - 1)].masked_fill(empty, 0)
    minus = torch.zeros(empty.shape, device=empty.device).masked_fill(empty, -torch.inf)

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = torch.einsum("bhnd,bhngd->bhng", q, k[:, :, table]) * q.shape[-1] ** -0.5
        weights = torch.softmax(scores + minus.to(q.dtype), dim=-1)
        return torch.einsum("bhng,bhngd->bhnd", weights, v[:, :, table])

    return attend


def sdpa(s: Structure, batch: int) -> Attention:
    """Dense, with a mask of zeros and minus infinities in the inputs' dtype."""
    masks: dict[torch.dtype, Tensor] = {}

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        if q.dtype not in masks:
            mask = torch.full((s.nodes, s.nodes), -torch.inf, dtype=q.dtype, device=q.device)
            mask[s.rows, s.indices] = 0
            masks[q.dtype] = mask
        return functional.scaled_dot_product_attention(q, k, v, masks[q.dtype])

    return attend


def edges(s: Structure, batch: int, bias: Tensor | None = None) -> Attention:
    """Gather per edge, softmax by segments, sum by `index_add`; `bias` `[E, H]` is added to the logits."""
    shift = torch.arange(batch, device=s.indptr.device)[:, None] * s.nodes
    target, source = ((x + shift).flatten() for x in (s.rows, s.indices))  # [B·E]
    rows = batch * s.nodes

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        heads, width = q.shape[1], q.shape[3]
        q, k, v = (x.transpose(1, 2).reshape(rows, heads, width) for x in (q, k, v))
        scores = (q.index_select(0, target) * k.index_select(0, source)).sum(-1) * width**-0.5  # [B·E, H]
        if bias is not None:
            scores = scores + bias.repeat(batch, 1)
        place = target[:, None].expand(-1, heads)
        top = scores.new_zeros(rows, heads)
        top = top.scatter_reduce(0, place, scores.detach(), "amax", include_self=False)
        weights = (scores - top.index_select(0, target)).exp()
        total = torch.zeros_like(top).index_add(0, target, weights)
        weights = weights / total.index_select(0, target)
        mixed = torch.zeros_like(v).index_add(0, target, weights[:, :, None] * v.index_select(0, source))
        return mixed.view(batch, s.nodes, heads, width).transpose(1, 2)

    return attend


def ours(backend: str) -> Maker:
    """`sparse_attention`, without role biases: what the peers compute."""

    def make(s: Structure, batch: int) -> Attention:
        return lambda q, k, v: sparse_attention(q, k, v, s, backend=backend)

    return make


def peak_bytes(name: str, s: Structure, batch: int, heads: int, width: int, size: int = 4) -> int:
    """About the most memory that forward and backward of a peer take, in `size` bytes a number.

    `padded` keeps the gathered keys and values and makes a gradient of each; `edges` has six tensors of every
    edge's numbers; dense products by hand keep the weights and make two gradients. SDPA keeps no weights.
    """
    numbers = {
        "padded": 4 * batch * heads * width * s.nodes * int(s.degrees.max()),
        "edges": 6 * batch * heads * width * s.entries,
        "sdpa": 2 * s.nodes**2,
        "dense": 3 * batch * heads * s.nodes**2,
        "reference": 4 * batch * heads * s.nodes**2,
    }
    return size * numbers.get(name, 8 * batch * heads * width * s.nodes)
