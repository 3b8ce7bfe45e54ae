"""A sampler chosen from the program."""

from __future__ import annotations

from gsdmc.diffusion.process import Process
from gsdmc.diffusion.sampler_config import SamplerConfig
from gsdmc.layout.layout import Layout

CALLS = 20


def default_sampler(layout: Layout, process: Process) -> SamplerConfig:
    """The sampler, of at most 20 network calls, that fits a program's variables and their processes.

    - All masked: the default settings, by largest margin with values that are certain together at once.
    - All real, vectors or counts of the Gaussian process: `dpm2m` at times even in log-SNR.
    - Both, or one-hots of the Gaussian process: `dpm2m-sde` at such times, by largest margin. What is
      revealed, or an option that wins, moves what is expected of the reals in a jump that nothing foresaw;
      fresh noise takes it in.

    With an exact network these keep standard deviations within 2 % (5 % with fresh noise), of data one to a
    hundredth as wide as the prior; `ddim` with fresh noise at even times, 20 of them, loses 10 % of the
    former and 87 % of the latter (`tests/diffusion/test_defaults.py`). What a trained network makes of it,
    `benchmarks/samplers.py` measures.

    Args:
        layout: the program's arrays, at any size.
        process: what they run.
    """
    gaussian = [slot for slot in layout.arrays if not process.is_masked(slot)]
    if not gaussian:
        return SamplerConfig(CALLS)
    smooth = len(gaussian) == len(layout.arrays) and not any(slot.kind.discrete for slot in gaussian)
    return SamplerConfig(CALLS, solver="dpm2m" if smooth else "dpm2m-sde", spacing="logsnr")
