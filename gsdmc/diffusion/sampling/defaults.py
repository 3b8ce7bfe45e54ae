"""A sampler chosen from the program."""

from __future__ import annotations

from collections.abc import Collection

from gsdmc.diffusion.config import ProcessConfig
from gsdmc.diffusion.sampling.sampler_config import SamplerConfig, SolverName
from gsdmc.layout.layout import Layout

MASKED_CALLS, GAUSSIAN_CALLS = 20, 25


def default_sampler(layout: Layout, process: ProcessConfig, always: Collection[str] = ()) -> SamplerConfig:
    """The sampler that fits a program's variables and their processes.

    - All masked, and no more than 20 values: one by one by largest margin, none excluded. An exact network's
      samples are then exact, whatever the order, since each is drawn given those before.
    - All masked, and more: by largest margin, values that are certain together at once, in at most 20 calls.
    - All of the Gaussian process: 25 calls of `dpm2m` at times even in the logarithm of signal over noise.
    - Both: as many of `dpm2m-sde`, and masked values as above. Its fresh noise lets reals follow values that
      were revealed after them.

    Of an exact network 25 calls of the former lose under 1 % of the standard deviation of posteriors down to
    a hundredth of the prior's width, of the latter under 3 %, where `ddim` at even times loses 8 % at the
    prior's own width and 84 % at a hundredth of it (`tests/diffusion/sampling/test_defaults.py`). What
    trained networks make of them is in docs/decisions/0013.

    Args:
        layout: the program's arrays, at any size.
        process: what they run.
        always: arrays that are always evidence, which don't count.
    """
    masked = [process.masks(slot.kind) for slot in layout.arrays if slot.name not in always]
    if all(masked):
        values = sum(slot.size for slot in layout.arrays if slot.name not in always)
        if values <= MASKED_CALLS:
            return SamplerConfig(MASKED_CALLS, certain=0.0, floor=0.0)
        return SamplerConfig(MASKED_CALLS)
    solver: SolverName = "dpm2m-sde" if any(masked) else "dpm2m"
    return SamplerConfig(GAUSSIAN_CALLS, solver=solver, spacing="logsnr")
