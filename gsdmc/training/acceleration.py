"""How a step runs on this machine: precision, compiled blocks, CUDA graphs, activations kept or not."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

import torch

from gsdmc.kernels.toolchain import compile_lacks, triton_lacks
from gsdmc.language.source import GsdmcError, GsdmcWarning
from gsdmc.layout.layout import Layout
from gsdmc.model.attention import GraphAttention
from gsdmc.model.config import ModelConfig
from gsdmc.model.denoiser import Denoiser
from gsdmc.training.devices import usable_memory

Precision = Literal["auto", "float32", "bfloat16"]
Switch = Literal["auto", "on", "off"]

TENSORS = 16
"""Tensors of the size of a block's input that its backward pass needs, attention's projections included."""

ASKED = "asked for"

SHARE = 0.4
"""Of the memory there is, what the activations of a step may take before blocks compute them again."""


@dataclass(frozen=True)
class Acceleration:
    """What `auto` came to on a device.

    Attributes:
        device: where training runs.
        autocast: the precision of matrix products in the network, None for the weights' own.
        compile: whether blocks run through `torch.compile`.
        graphs: whether the network's kernels are captured in CUDA graphs.
        reasons: why, by the name of the setting.
    """

    device: torch.device
    autocast: torch.dtype | None
    compile: bool
    graphs: bool
    reasons: dict[str, str]

    @contextmanager
    def precision(self) -> Iterator[None]:
        """The context that the network and the loss run in."""
        if self.autocast is None:
            yield
            return
        # A graph would keep on reading the weights that the cache held when it was captured.
        with torch.autocast(self.device.type, self.autocast, cache_enabled=not self.graphs):
            yield

    def to_json(self) -> dict[str, Any]:
        """Plain words and booleans by the name of the setting, and the reasons."""
        return {
            "device": str(self.device),
            "precision": "float32" if self.autocast is None else str(self.autocast).removeprefix("torch."),
            "compile": self.compile,
            "graphs": self.graphs,
            "reasons": dict(self.reasons),
        }


def accelerate(
    device: torch.device,
    precision: Precision = "auto",
    compile: Switch = "auto",
    graphs: Switch = "auto",
    *,
    varied: bool = False,
    recompute: bool = False,
) -> Acceleration:
    """Settle `auto` for a device.

    On a CPU products stay float32 and nothing is compiled: both were measured to be slower there
    (`docs/decisions/0010-steps.md`). On CUDA, products are bfloat16 and blocks compiled where the
    hardware and the tools allow it, and a run of one size is captured in CUDA graphs.

    Args:
        device: where training runs.
        precision: of matrix products.
        compile: whether blocks run through `torch.compile`.
        graphs: whether the network runs as CUDA graphs.
        varied: whether sizes vary from step to step.
        recompute: whether blocks compute their activations again, see `recomputes`.

    Raises:
        GsdmcError: compiled blocks without a compiler, or graphs off CUDA or of sizes that vary.
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
        chosen, reasons["precision"] = precision, ASKED
    compiled, reasons["compile"] = _compiles(cuda, compile, varied)
    graphed, reasons["graphs"] = _graphs(cuda, graphs, varied, recompute)
    autocast = torch.bfloat16 if chosen == "bfloat16" else None
    return Acceleration(device, autocast, compiled, graphed, reasons)


def precision_warnings(precision: Precision, device: torch.device) -> tuple[GsdmcWarning, ...]:
    """What to say of a precision that was asked for on a device where it gains nothing."""
    if precision != "bfloat16" or device.type != "cpu":
        return ()
    return (
        GsdmcWarning(
            "bfloat16 gains nothing on a CPU: products round more and take no less time",
            hint="leave precision (--precision) at auto",
        ),
    )


def _compiles(cuda: bool, choice: Switch, varied: bool) -> tuple[bool, str]:
    lacks = triton_lacks() if cuda else compile_lacks()
    if choice == "on" and lacks:
        raise GsdmcError(
            f"blocks can't be compiled: {lacks}", hint="install it, or leave compile (--compile) at auto"
        )
    if choice != "auto":
        return choice == "on", ASKED
    if not cuda:
        return False, "on a CPU compiled blocks are no faster than the written ones"
    if lacks:
        return False, lacks
    if varied:
        return False, "sizes vary, and compiling anew for them takes longer than it saves"
    return True, "fused element-wise kernels pay on CUDA"


def _graphs(cuda: bool, choice: Switch, varied: bool, recompute: bool) -> tuple[bool, str]:
    against = (
        "CUDA graphs exist on CUDA alone"
        if not cuda
        else "sizes vary, and a graph is captured for one"
        if varied
        else None
    )
    if choice == "on" and against:
        raise GsdmcError(
            f"the network can't run as a CUDA graph: {against}", hint="leave graphs (--graphs) at auto"
        )
    if choice != "auto":
        return choice == "on", ASKED
    if against is None and recompute:
        against = "where activations are computed again, launching kernels is not what takes time"
    return against is None, against or "one launch of a captured step in place of hundreds"


def recomputes(choice: Switch, config: ModelConfig, layout: Layout, batch: int, device: torch.device) -> bool:
    """Whether a step's blocks compute their activations again in the backward pass, rather than keep them.

    Gradients are the same either way; it saves memory for a third more time.
    """
    if choice != "auto":
        return choice == "on"
    return activation_bytes(config, layout, batch) > SHARE * memory(device)


def recompute_reason(
    choice: Switch, config: ModelConfig, layout: Layout, batch: int, device: torch.device
) -> str:
    """Why `recomputes` says what it says."""
    if choice != "auto":
        return ASKED
    need, have = (f"{b / 2**20:,.1f} MiB" for b in (activation_bytes(config, layout, batch), memory(device)))
    return f"the activations of a step take about {need} of {have}"


def activation_bytes(config: ModelConfig, layout: Layout, batch: int) -> int:
    """Bytes of what a training step keeps for its backward pass, about, in float32."""
    nodes = TENSORS * layout.nodes * config.width
    entries = layout.structure.entries * config.heads
    return 4 * batch * config.layers * config.loops * (nodes + entries)


@cache
def memory(device: torch.device) -> int:
    """Bytes of memory that there are to use on a device, those of a small machine where nobody knows."""
    if device.type == "cuda":
        return int(torch.cuda.get_device_properties(device).total_memory)
    return usable_memory() or 8 << 30


def compile_blocks(denoiser: Denoiser) -> None:
    """Run every block through `torch.compile`; equal blocks share what was compiled.

    Attention stays as it is, between the compiled parts of a block.
    """
    for module in denoiser.blocks.modules():
        if isinstance(module, GraphAttention):
            module.mix = torch.compiler.disable(module.mix)  # type: ignore[method-assign,no-untyped-call]
    for block in denoiser.blocks:
        block.compile()
