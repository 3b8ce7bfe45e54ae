from __future__ import annotations

import json

import pytest

from gsdmc.diffusion.sampling.sampler_config import FLOOR, SamplerConfig


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"steps": 0}, "steps is 0; it is at least 1"),
        ({"solver": "euler"}, "solver is 'euler'; it is one of ddim, ancestral, heun, dpm2m, dpm2m-sde"),
        ({"spacing": "log"}, "spacing is 'log'"),
        ({"order": "best"}, "order is 'best'"),
        ({"churn": 1.5}, "churn is 1.5; it is between 0 and 1"),
        ({"remask": -0.1}, "remask is -0.1; it is between 0 and 1"),
        ({"temperature": 0.0}, "temperature is 0.0; it is above 0"),
        ({"certain": float("nan")}, "certain is nan; it is at least 0"),
    ],
)
def test_settings_out_of_range_are_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        SamplerConfig(**changes)  # type: ignore[arg-type]


def test_what_an_older_version_wrote_means_what_it_meant() -> None:
    old = {
        "steps": 20,
        "restarts": 0,
        "restart_time": 0.7,
        "restart_steps": 8,
        "solver": "ddim",
        "churn": 1.0,
        "order": "margin",
        "order_noise": 0.1,
        "certain": 0.05,
        "floor": 1e-3,
    }
    config = SamplerConfig(**old)  # type: ignore[arg-type]
    assert config == SamplerConfig(floor=FLOOR)
    assert config.least == SamplerConfig().least
    assert SamplerConfig(**json.loads(json.dumps(config.to_json()))) == config


def test_exact_orders_have_no_floor_unless_it_is_set() -> None:
    assert SamplerConfig().least == FLOOR
    assert SamplerConfig(order="random").least == SamplerConfig(order="shuffled").least == 0
    assert SamplerConfig(order="random", floor=0.01).least == 0.01
    assert SamplerConfig(floor=0.0).least == 0
