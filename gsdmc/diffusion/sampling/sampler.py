"""Sampling: from noise and evidence to values, in a few network calls or the paper's thousand."""

from __future__ import annotations

from collections.abc import Mapping

import torch
from torch import Tensor

from gsdmc.diffusion.noise import GeneratorNoise, Noise
from gsdmc.diffusion.process import Process, Values
from gsdmc.diffusion.sampling.sampler_config import SamplerConfig
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.diffusion.sampling.walk import Walk
from gsdmc.layout.layout import Layout
from gsdmc.model.denoiser import Denoiser

__all__ = ["SamplerConfig", "Trace", "sample"]


@torch.no_grad()
def sample(
    denoiser: Denoiser,
    layout: Layout,
    process: Process,
    observed: Values,
    mask: Mapping[str, Tensor],
    *,
    config: SamplerConfig | None = None,
    generator: torch.Generator | None = None,
    noise: Noise | None = None,
    trace: Trace | None = None,
) -> dict[str, Tensor]:
    """Draw one joint sample per row of evidence.

    Args:
        denoiser: the network, which sets device and dtype.
        layout: the size of the program to sample at.
        process: the process that the network was trained for.
        observed: per array `[B, *value_shape]`, the evidence; ignored where the mask is false.
        mask: per array `[B, *shape]` booleans, true where the value is evidence, a vector as a whole.
        config: the sampler; its defaults when None.
        generator: source of noise; exactly one of it and `noise` is needed.
        noise: source of noise that is asked per array and step.
        trace: counts that this run's network calls are added to.

    Returns:
        Per array `[B, *value_shape]`; evidence comes back untouched.

    Raises:
        ValueError: neither or both of `generator` and `noise` given.
    """
    config = config or SamplerConfig()
    if (generator is None) == (noise is None):
        raise ValueError("sample needs either a generator or a noise source")
    if noise is None:
        assert generator is not None
        noise = GeneratorNoise(generator)
    trace = Trace() if trace is None else trace
    walk = Walk(denoiser, layout, process, observed, mask, config, noise, trace)
    walk.descend(1.0, config.steps)
    for _ in range(config.restarts):
        walk.climb(config.restart_time)
        walk.descend(config.restart_time, config.restart_steps)
    trace.samples += walk.batch
    return walk.finish(observed)
