"""Seeds of independent streams, so that every random number of a step follows from (seed, step)."""

from __future__ import annotations

import torch

MASK = (1 << 64) - 1


def derive(seed: int, *keys: int) -> int:
    """A 63-bit seed from a seed and keys, spread by the SplitMix64 finaliser (Steele et al. 2014)."""
    state = seed & MASK
    for key in keys:
        state = (state + 0x9E3779B97F4A7C15 * ((key & MASK) + 1)) & MASK
        state = ((state ^ (state >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        state = ((state ^ (state >> 27)) * 0x94D049BB133111EB) & MASK
        state ^= state >> 31
    return state >> 1


def generator(seed: int, *keys: int, device: torch.device | str = "cpu") -> torch.Generator:
    """A generator for the stream of a seed and keys; another kind of device gives other numbers."""
    return torch.Generator(device).manual_seed(derive(seed, *keys))
