from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gsdmc.diffusion.sampling.sampler import SamplerConfig, sample
from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import CONFIG, load
from gsdmc.training.loop import train
from gsdmc.training.presets import preset
from tests.model.problems import clusters
from tests.training.sealed import seal


@pytest.mark.parametrize("name", ["default", "paper"])
@pytest.mark.parametrize("loops", [1, 3])
def test_a_model_of_vectors_survives_its_folder(tmp_path: Path, name: str, loops: int) -> None:
    config = replace(preset(name, "x"), width=32, layers=1, heads=2, loops=loops, batch=4, reach=False)
    model = train(clusters(3), config, steps=3, vary=("n",), folder=tmp_path / "m")
    again = load(tmp_path / "m")
    one, two = model.process.standardiser, again.process.standardiser
    assert one.keys == two.keys
    assert torch.equal(one.mean, two.mean)
    assert torch.equal(one.std, two.std)
    assert one.mean.shape == (4, 3)
    assert again.denoiser.config == model.denoiser.config
    assert (again.denoiser.config.loops, len(again.denoiser.blocks)) == (loops, 1)
    assert again.config == model.config
    larger = clusters(7)
    values = larger.simulate(2, 0)
    mask = {s.name: torch.full((2, *s.shape), s.name == "x") for s in larger.layout.arrays}
    draws = [
        sample(
            m.denoiser,
            larger.layout,
            m.process,
            values,
            mask,
            config=SamplerConfig(steps=2),
            generator=torch.Generator().manual_seed(0),
        )
        for m in (model, again)
    ]
    for name in values:
        torch.testing.assert_close(draws[0][name], draws[1][name])
    assert torch.equal(draws[0]["x"], values["x"])
    assert draws[0]["pi"].shape == (2, 3)


def test_models_from_before_loops_and_conditioning_load(tmp_path: Path) -> None:
    config = replace(preset("default", "x"), width=32, layers=1, heads=2, batch=4, reach=False)
    train(clusters(2), config, steps=1, folder=tmp_path / "m")
    path = tmp_path / "m" / CONFIG
    kept = json.loads(path.read_text())
    assert kept["training"].pop("conditioning") == "mixture"
    assert kept["training"].pop("loops") == kept["model"].pop("loops") == 1
    path.write_text(json.dumps(kept))
    seal(tmp_path / "m")
    older = load(tmp_path / "m")
    assert older.config == replace(config, conditioning="uniform")
    assert older.denoiser.config.depth == 1


def test_another_format_is_refused(tmp_path: Path) -> None:
    config = replace(preset("default", "x"), width=32, layers=1, heads=2, batch=4, reach=False)
    train(clusters(2), config, steps=1, folder=tmp_path / "m")
    path = tmp_path / "m" / CONFIG
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 1}))
    seal(tmp_path / "m")
    with pytest.raises(GsdmcError, match="has model format 1; this version reads 2"):
        load(tmp_path / "m")
