"""The numbers that a trained network computes with."""

from __future__ import annotations

import torch

from gsdmc.language.source import GsdmcError

PRECISIONS = ("float32", "float64", "bfloat16")

CAPABLE = (8, 0)
"""Compute capability from which on tensor cores take bfloat16."""


def choose_precision(
    wanted: str | torch.dtype, device: torch.device
) -> tuple[torch.dtype, torch.dtype | None]:
    """The type of weights and of samples, and that of matrix products in the blocks where it is another.

    With `bfloat16` weights, states and what the network predicts stay float32: a prediction of eight bits
    would leave samples on a grid.

    Args:
        wanted: `float32`, `float64` or `bfloat16`, by name or as torch has it.
        device: where the network runs.

    Raises:
        GsdmcError: another type, or one that the device doesn't compute with.
    """
    name = str(wanted).removeprefix("torch.")
    if name not in PRECISIONS:
        raise GsdmcError(f"`{name}` is no type that networks run in", hint=f"take {', '.join(PRECISIONS)}")
    if name == "float64":
        return torch.float64, None
    if name == "float32":
        return torch.float32, None
    if device.type != "cuda":
        raise GsdmcError(
            f"bfloat16 is for CUDA devices, and gains nothing on {device.type}",
            hint="take float32, or a CUDA device",
        )
    found = torch.cuda.get_device_capability(device)
    if found < CAPABLE:
        least, here = (".".join(map(str, version)) for version in (CAPABLE, found))
        raise GsdmcError(
            f"bfloat16 needs compute capability {least}, and {device} has {here}", hint="take float32"
        )
    return torch.float32, torch.bfloat16
