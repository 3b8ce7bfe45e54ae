from __future__ import annotations

import numpy as np
import pytest

from gsdmc.diffusion.sampling.defaults import default_sampler
from gsdmc.diffusion.sampling.sampler import SamplerConfig, Trace
from gsdmc.inference.model import Model
from gsdmc.inference.sampling import with_sampler
from gsdmc.language.source import GsdmcError

EVIDENCE = {"E": np.full((5, 4), 0.5)}


def test_settings_by_name_replace_some_of_the_models_own(bcmf: Model) -> None:
    own = bcmf.trained.config.sampler
    changed = with_sampler(bcmf.trained, bcmf.problem, {"solver": "heun", "churn": 0, "floor": None})
    assert changed.config.sampler == SamplerConfig(
        **{**own.to_json(), "solver": "heun", "churn": 0.0, "floor": None}
    )
    assert changed.denoiser is bcmf.trained.denoiser
    assert with_sampler(bcmf.trained, bcmf.problem, None) is bcmf.trained
    whole = SamplerConfig(7, order="random")
    assert with_sampler(bcmf.trained, bcmf.problem, whole).config.sampler == whole


def test_auto_is_what_fits_the_program(bcmf: Model) -> None:
    fitting = default_sampler(bcmf.problem.layout, bcmf.trained.process.config)
    assert with_sampler(bcmf.trained, bcmf.problem, "auto").config.sampler == fitting
    more = with_sampler(bcmf.trained, bcmf.problem, {"auto": True, "remask": 0.5}).config.sampler
    assert more == SamplerConfig(**{**fitting.to_json(), "remask": 0.5})


@pytest.mark.parametrize(
    ("sampler", "message"),
    [
        ({"slover": "heun"}, "there is no setting `sampler.slover`"),
        ({"solver": "euler"}, "sampler.solver can't be"),
        ({"steps": 0}, "steps is 0; it is at least 1"),
        ({"steps": 2.5}, "expected a whole number"),
        ({"floor": "low"}, "sampler.floor can't be"),
        ({"remask": object()}, "expected a number"),
        ("fast", "there is no sampler 'fast'"),
    ],
)
def test_what_no_sampler_has_is_refused(bcmf: Model, sampler, message: str) -> None:
    with pytest.raises(GsdmcError, match=message):
        bcmf.sample(EVIDENCE, sampler=sampler)


def test_samples_count_their_network_calls(bcmf: Model) -> None:
    trace = Trace()
    settings = {"solver": "heun", "order": "random", "steps": 5}
    first = bcmf.sample(EVIDENCE, num_samples=3, sampler=settings, trace=trace)
    assert (trace.samples, trace.calls, trace.per_sample) == (3, 5, 5)
    again = bcmf.sample(EVIDENCE, num_samples=3, sampler=settings, trace=trace)
    assert trace.calls == 10
    other = bcmf.sample(EVIDENCE, num_samples=3, steps=5)
    assert all(np.array_equal(first[name], again[name]) for name in first)
    assert not np.array_equal(first["A"], other["A"])
    bcmf.sample(EVIDENCE, sampler=settings, steps=3, trace=trace)
    assert trace.calls == 13
