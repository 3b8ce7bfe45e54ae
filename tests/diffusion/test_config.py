"""Settings of a process: what is refused, and what older files mean."""

from __future__ import annotations

import json

import pytest

from gsdmc.diffusion.process import ProcessConfig


def test_settings_survive_json_and_older_ones_had_no_bijections() -> None:
    for config in (ProcessConfig(), ProcessConfig(bijections=False, prediction="v")):
        assert ProcessConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    old = ProcessConfig().to_json()
    del old["bijections"]
    assert ProcessConfig.from_json(old) == ProcessConfig(bijections=False)


def test_settings_that_are_none_are_refused() -> None:
    with pytest.raises(ValueError, match="schedule is 'quadratic'; it is one of linear, cosine, edm"):
        ProcessConfig(schedule="quadratic")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="mask_power"):
        ProcessConfig(mask_power=0.0)
    with pytest.raises(ValueError, match="no weighting"):
        ProcessConfig(loss="sum", weighting="snr")
    with pytest.raises(ValueError, match="at least 1"):
        ProcessConfig(components=0)
    for mixed in ({"head": "mixture"}, {"reals": "masked"}):
        with pytest.raises(ValueError, match="no mixture"):
            ProcessConfig(loss="sum", **mixed)  # type: ignore[arg-type]
