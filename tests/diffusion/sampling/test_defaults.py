from __future__ import annotations

import pytest
import torch

from gsdmc.diffusion.config import ProcessConfig
from gsdmc.diffusion.sampling.defaults import GAUSSIAN_CALLS, MASKED_CALLS, default_sampler
from gsdmc.diffusion.sampling.sampler import SamplerConfig
from gsdmc.language.kinds import BOOLEAN, REAL, category
from gsdmc.layout.layout import Layout
from tests.diffusion.linear_gaussian import affine
from tests.model.problems import make_layout

KINDS = {"x": REAL, "b": BOOLEAN, "c": category(3)}


def chosen(names: str, config: ProcessConfig) -> SamplerConfig:
    layout: Layout = make_layout([(name, KINDS[name], ()) for name in names], [])
    return default_sampler(layout, config)


@pytest.mark.parametrize(
    ("names", "discrete", "solver"),
    [("x", "masked", "dpm2m"), ("xb", "masked", "dpm2m-sde"), ("bc", "onehot", "dpm2m")],
)
def test_what_runs_the_gaussian_process_gets_a_solver(names: str, discrete, solver) -> None:
    config = chosen(names, ProcessConfig(discrete=discrete))
    assert config == SamplerConfig(GAUSSIAN_CALLS, solver=solver, spacing="logsnr")
    assert (config.order, config.certain) == ("margin", 0.05)


@pytest.mark.parametrize(("names", "reals"), [("bc", "gaussian"), ("xb", "masked")])
def test_masked_values_alone_come_one_by_one_where_calls_suffice(names: str, reals) -> None:
    one_by_one = SamplerConfig(MASKED_CALLS, certain=0.0, floor=0.0)
    assert chosen(names, ProcessConfig(reals=reals)) == one_by_one


def test_more_masked_values_than_calls_come_several_at_once() -> None:
    layout = make_layout([("b", BOOLEAN, (MASKED_CALLS + 1,))], [])
    assert default_sampler(layout, ProcessConfig()) == SamplerConfig(MASKED_CALLS)


def test_what_is_always_evidence_does_not_count() -> None:
    layout = make_layout([(name, KINDS[name], ()) for name in "xb"], [])
    assert default_sampler(layout, ProcessConfig(), ["b"]).solver == "dpm2m"


def spread_error(config: SamplerConfig, width: float) -> float:
    """How far the standard deviation of Gaussian data is off, relatively, when the network is exact."""
    mean, covariance = torch.tensor([0.5]).double(), torch.tensor([[width**2]]).double()
    found = affine("cosine", config, mean=mean, covariance=covariance).law("cosine", mean, covariance)[1]
    return abs(float(found.sqrt()) / width - 1)


@pytest.mark.parametrize(
    ("width", "lost"), [(1.0, 0.08), (0.3, 0.15), (0.1, 0.3), (0.03, 0.59), (0.01, 0.84)]
)
def test_the_default_keeps_spreads_that_ddim_at_even_times_loses(width: float, lost: float) -> None:
    default = chosen("x", ProcessConfig())
    assert spread_error(default, width) < 0.01
    assert spread_error(chosen("xb", ProcessConfig()), width) < 0.03
    assert spread_error(SamplerConfig(default.steps), width) > lost
