"""Dense masked attention: slow, obvious, in any floating dtype. The other implementations answer to it."""

from __future__ import annotations

import torch
from torch import Tensor

from gsdmc.kernels.structure import Structure


def attend(
    q: Tensor, k: Tensor, v: Tensor, structure: Structure, entry_bias: Tensor | None, scale: float
) -> Tensor:
    """Softmax attention over each node's neighbours; q, k, v `[B, H, N, D]`, entry_bias `[H, E]`."""
    heads, nodes = q.shape[1], q.shape[2]
    mask = q.new_full((heads, nodes, nodes), -torch.inf)
    values = q.new_zeros(heads, structure.entries) if entry_bias is None else entry_bias
    head = torch.arange(heads, device=q.device)[:, None]
    mask = mask.index_put((head, structure.rows, structure.indices), values)
    scores = scale * (q @ k.transpose(-1, -2)) + mask  # [B, H, N, N]
    return torch.softmax(scores, dim=-1) @ v
