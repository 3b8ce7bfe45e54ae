"""Sampling with other settings than a model's own."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from gsdmc.compiler.problem import Problem
from gsdmc.diffusion.sampling.defaults import default_sampler
from gsdmc.diffusion.sampling.sampler import SamplerConfig
from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.overrides import override
from gsdmc.training.problem import always_observed

Sampler = SamplerConfig | Mapping[str, Any] | str
"""A sampler, some of its settings by name, or `auto` for the one that fits the program."""

AUTO = "auto"


def with_sampler(trained: TrainedModel, problem: Problem, sampler: Sampler | None) -> TrainedModel:
    """The same network with another sampler.

    Args:
        trained: the network, its process and its own sampler.
        problem: the program, whose kinds `auto` looks at.
        sampler: see `Sampler`; settings that a mapping doesn't name are the model's own, or those of `auto`
            where it says `{"auto": True}`. The model's own sampler when None.

    Raises:
        GsdmcError: no such setting, or a value that it can't take.
    """
    if sampler is None:
        return trained
    config = trained.config
    if isinstance(sampler, SamplerConfig):
        return replace(trained, config=config.with_changes(sampler=sampler))
    if isinstance(sampler, str):
        if sampler != AUTO:
            raise GsdmcError(
                f"there is no sampler {sampler!r}",
                hint=f"name its settings, as in {{'solver': 'heun'}}, or take {AUTO!r}",
            )
        sampler = {AUTO: True}
    changes = dict(sampler)
    if changes.pop(AUTO, False):
        always = always_observed(problem.givens)
        fitting = default_sampler(problem.layout, trained.process.config, always)
        config = config.with_changes(sampler=fitting)
    texts = [f"sampler.{name}={json.dumps(value, default=str)}" for name, value in changes.items()]
    return replace(trained, config=override(config, texts))
