from __future__ import annotations

import pytest
import torch

from gsdmc.diffusion.config import ProcessConfig
from gsdmc.diffusion.process import Process
from gsdmc.diffusion.sampling.defaults import CALLS, default_sampler
from gsdmc.diffusion.sampling.sampler import SamplerConfig
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.kinds import BOOLEAN, REAL, category
from gsdmc.layout.layout import Layout
from tests.diffusion.linear_gaussian import affine
from tests.model.problems import make_layout

KINDS = {"x": REAL, "b": BOOLEAN, "c": category(3)}


def chosen(names: str, config: ProcessConfig) -> SamplerConfig:
    layout: Layout = make_layout([(name, KINDS[name], ()) for name in names], [])
    return default_sampler(layout, Process(config, Standardiser.identity(layout)))


@pytest.mark.parametrize(
    ("names", "discrete", "solver"),
    [
        ("bc", "masked", "ddim"),
        ("x", "masked", "dpm2m"),
        ("xb", "masked", "dpm2m"),
        ("bc", "onehot", "dpm2m"),
    ],
)
def test_the_solver_follows_from_the_kinds(names: str, discrete, solver: str) -> None:
    config = chosen(names, ProcessConfig(discrete=discrete))
    assert (config.solver, config.spacing, config.steps) == (solver, "uniform", CALLS)
    assert (config.order, config.certain) == ("margin", 0.05)


def test_a_program_of_masked_values_alone_is_sampled_as_it_ever_was() -> None:
    assert chosen("bc", ProcessConfig()) == SamplerConfig()


def spread_error(config: SamplerConfig, width: float) -> float:
    """How far the standard deviation of Gaussian data is off, relatively, when the network is exact."""
    mean, covariance = torch.tensor([0.5]).double(), torch.tensor([[width**2]]).double()
    found = affine("cosine", config, mean=mean, covariance=covariance).law("cosine", mean, covariance)[1]
    return abs(float(found.sqrt()) / width - 1)


@pytest.mark.parametrize(("width", "lost"), [(1.0, 0.09), (0.3, 0.17)])
def test_twenty_calls_keep_spreads_that_ddim_loses(width: float, lost: float) -> None:
    assert spread_error(chosen("x", ProcessConfig()), width) < 0.03
    assert spread_error(SamplerConfig(CALLS), width) > lost


@pytest.mark.parametrize("width", [1.0, 0.3, 0.1, 0.03, 0.01])
def test_times_even_in_log_snr_keep_narrow_posteriors(width: float) -> None:
    assert spread_error(SamplerConfig(CALLS, solver="dpm2m", spacing="logsnr"), width) < 0.02
    assert spread_error(SamplerConfig(CALLS, solver="dpm2m-sde", spacing="logsnr"), width) < 0.05
