"""How a step runs on this machine: precision, compiled blocks, activations kept or computed again."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import torch

from gsdmc.kernels.toolchain import triton_lacks
from gsdmc.layout.layout import Layout
from gsdmc.model.attention import GraphAttention
from gsdmc.model.config import ModelConfig
from gsdmc.model.denoiser import Denoiser

Precision = Literal["auto", "float32", "bfloat16"]
Switch = Literal["auto", "on", "off"]

TENSORS = 16
"""Tensors of the size of a block's input that its backward pass needs, attention's projections included."""

SHARE = 0.4
"""Of the memory there is, what the activations of a step may take before blocks compute them again."""


@dataclass(frozen=True)
class Acceleration:
    """What `auto` came to on a device.

    Attributes:
        device: where training runs.
        autocast: the precision of matrix products in the network, None for the weights' own.
        compile: whether blocks run through `torch.compile`.
        reasons: why, by the name of the setting.
    """

    device: torch.device
    autocast: torch.dtype | None
    compile: bool
    reasons: dict[str, str]

    @contextmanager
    def precision(self) -> Iterator[None]:
        """The context that the network and the loss run in."""
        if self.autocast is None:
            yield
            return
        with torch.autocast(self.device.type, self.autocast):
            yield


def accelerate(device: torch.device, precision: Precision = "auto", compile: Switch = "auto") -> Acceleration:
    """Settle `auto` for a device.

    On a CPU products stay float32 and nothing is compiled: both were measured to be slower there
    (`docs/decisions/0009-steps.md`). On CUDA, products are bfloat16 and blocks compiled where the
    hardware and the tools allow it.

    Args:
        device: where training runs.
        precision: of matrix products.
        compile: whether blocks run through `torch.compile`.
    """
    cuda = device.type == "cuda"
    capable = cuda and torch.cuda.get_device_capability(device) >= (8, 0)
    reasons = {}
    if precision == "auto":
        chosen = "bfloat16" if capable else "float32"
        reasons["precision"] = (
            "tensor cores take bfloat16" if capable else f"bfloat16 gains nothing on this {device.type}"
        )
    else:
        chosen, reasons["precision"] = precision, "asked for"
    compiled = compile == "on"
    reasons["compile"] = "asked for"
    if compile == "auto":
        lacks = triton_lacks() if cuda else None
        compiled = cuda and lacks is None
        reasons["compile"] = (
            "fused element-wise kernels pay on CUDA"
            if compiled
            else lacks or "on a CPU compiled blocks are no faster than the written ones"
        )
    return Acceleration(device, torch.bfloat16 if chosen == "bfloat16" else None, compiled, reasons)


def recomputes(choice: Switch, config: ModelConfig, layout: Layout, batch: int, device: torch.device) -> bool:
    """Whether a step's blocks compute their activations again in the backward pass, rather than keep them.

    Gradients are the same either way; it saves memory for a third more time.
    """
    if choice != "auto":
        return choice == "on"
    return activation_bytes(config, layout, batch) > SHARE * memory(device)


def activation_bytes(config: ModelConfig, layout: Layout, batch: int) -> int:
    """Bytes of what a training step keeps for its backward pass, about, in float32."""
    nodes = TENSORS * layout.nodes * config.width
    entries = layout.structure.entries * config.heads
    return 4 * batch * config.layers * config.loops * (nodes + entries)


def memory(device: torch.device) -> int:
    """Bytes of memory that a device has in all."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")


def compile_blocks(denoiser: Denoiser) -> None:
    """Run every block through `torch.compile`; equal blocks share what was compiled.

    Attention stays as it is, between the compiled parts of a block.
    """
    for module in denoiser.blocks.modules():
        if isinstance(module, GraphAttention):
            module.mix = torch.compiler.disable(module.mix)  # type: ignore[method-assign]
    for block in denoiser.blocks:
        block.compile()
