from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from safetensors.torch import load_file, save

from gsdmc.diffusion.sampling.sampler import SamplerConfig, sample
from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import CONFIG, METRICS, STATE, WEIGHTS, load, load_with_state
from gsdmc.training.files import SUMS
from gsdmc.training.loop import train
from gsdmc.training.presets import preset
from tests.model.problems import bcmf, clusters
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


FILES = (CONFIG, METRICS, WEIGHTS, STATE)


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("small") / "m"
    config = replace(preset("default", "x"), width=8, layers=1, heads=2, batch=2, reach=False)
    train(bcmf(1, 1, 1), config, steps=2, folder=folder)
    return folder


@contextmanager
def changed(path: Path, content: bytes, *, sealed: bool) -> Iterator[None]:
    sums = path.parent / SUMS if (path.parent / SUMS).exists() else path.parent.parent / SUMS
    before, kept = path.read_bytes(), sums.read_bytes()
    path.write_bytes(content)
    if sealed:
        seal(sums.parent)
    try:
        yield
    finally:
        path.write_bytes(before)
        sums.write_bytes(kept)


def mutilated(content: bytes, where: int, bit: int) -> bytes:
    """A content cut at a place, or with one bit flipped there."""
    place = where % len(content)
    if bit == 8:
        return content[:place]
    return content[:place] + bytes([content[place] ^ 1 << bit]) + content[place + 1 :]


PLACES = st.integers(0, 1 << 20)


@given(st.sampled_from((*FILES, SUMS)), PLACES, st.integers(0, 8))
def test_a_flipped_bit_or_a_cut_anywhere_is_refused(small: Path, name: str, where: int, bit: int) -> None:
    content = mutilated((small / name).read_bytes(), where, bit)
    with changed(small / name, content, sealed=False), pytest.raises(GsdmcError) as caught:
        load_with_state(small)
    assert re.search("is damaged|is not a model folder|no checksums|no training state", caught.value.message)


@given(st.sampled_from(FILES), PLACES, st.integers(0, 8))
def test_with_checksums_to_match_it_is_a_model_or_refused(
    small: Path, name: str, where: int, bit: int
) -> None:
    content = mutilated((small / name).read_bytes(), where, bit)
    with changed(small / name, content, sealed=True), suppress(GsdmcError):
        model, state = load_with_state(small)
        tensors = [*model.denoiser.state_dict().values(), *state.values()]
        assert all(bool(t.isfinite().all()) for t in tensors if t.is_floating_point())


def edit(*path: str, to: Any) -> Callable[[Any], None]:
    def apply(data: Any) -> None:
        for key in path[:-1]:
            data = data[key]
        if to is ...:
            del data[path[-1]]
        else:
            data[path[-1]] = to

    return apply


HOSTILE = {
    "no model": (edit("model", to=...), "is damaged: it has no 'model'"),
    "no width": (edit("model", "width", to=...), "is damaged: model has no width"),
    "a word for a width": (edit("model", "width", to="wide"), 'model.width can\'t be "wide"'),
    "heads of nothing": (edit("model", "heads", to=0), "is damaged: "),
    "a wider network": (edit("model", "width", to=10**9), "is damaged: "),
    "endless layers": (edit("model", "layers", to=10**15), "is damaged: "),
    "layers for hours": (edit("model", "layers", to=60000), "fewer tensors than the network has layers"),
    "endless loops": (edit("model", "loops", to=10**15), "is damaged: a network of 10+ rounds"),
    "a huge MLP": (edit("model", "expansion", to=1e300), "is damaged: "),
    "a negative MLP": (edit("model", "expansion", to=-1.0), "is damaged: "),
    "another kind": (edit("model", "arrays", to=[{"name": "A", "kind": "dream"}]), "is damaged: "),
    "no arrays": (edit("model", "arrays", to=[]), "is damaged: "),
    "another architecture": (edit("model", "architecture", to="mlp"), 'architecture can\'t be "mlp"'),
    "another process": (edit("training", "process", "discrete", to="dream"), "is damaged: training.process"),
    "a setting to come": (edit("training", "dreams", to=1), "doesn't know: training.dreams"),
    "keys of nothing": (edit("scale_keys", to=[]), "is damaged: mean is float64"),
    "keys of no names": (edit("scale_keys", to=[1]), "scale_keys.0. can't be 1"),
    "a record of nothing": (edit("run", to=[]), r"is damaged: run can't be \[\]"),
    "steps without number": (edit("run", "steps", to=None), "run.steps can't be null"),
    "sizes in words": (edit("run", "sizes", to={"n": "five"}), "run.sizes.n can't be"),
    "other steps": (edit("run", "steps", to=7), "training.safetensors is damaged: it is of step 2"),
    "a format to come": (edit("format", to=4), "has model format 4; this version reads 2 and 3"),
    "a format of the past": (edit("format", to=1), "has model format 1; this version reads 2 and 3"),
    "no format": (edit("format", to=[]), r"has model format \[\]"),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_configurations_are_refused_with_the_reason(small: Path, name: str) -> None:
    change, reason = HOSTILE[name]
    data = json.loads((small / CONFIG).read_text())
    change(data)
    config = load(small).config
    with (
        changed(small / CONFIG, json.dumps(data).encode(), sealed=True),
        pytest.raises(GsdmcError, match=reason) as caught,
    ):
        train(bcmf(1, 1, 1), config, steps=3, folder=small, resume=True)
    assert caught.value.hint
    assert sorted(path.name for path in small.iterdir()) == sorted({*FILES[:3], "state", "logs", SUMS})


def retensored(path: Path, **changes: torch.Tensor | None) -> bytes:
    tensors = load_file(path)
    for name, tensor in changes.items():
        tensors.pop(name)
        if tensor is not None:
            tensors[name] = tensor
    return save(tensors)


@pytest.mark.parametrize(
    ("name", "changes", "reason"),
    [
        (WEIGHTS, {"standardiser.std": torch.zeros(4, 1, dtype=torch.float64)}, "a variable's scale is not"),
        (WEIGHTS, {"standardiser.std": torch.ones(4, dtype=torch.float64)}, "std is float64"),
        (WEIGHTS, {"standardiser.mean": None}, "has no 'standardiser.mean'"),
        (WEIGHTS, {"time.0.bias": None}, "no tensor, time.0.bias"),
        (WEIGHTS, {"time.0.bias": torch.full((8,), float("nan"))}, "time.0.bias is not finite"),
        (WEIGHTS, {"time.0.bias": torch.zeros(9)}, r"time.0.bias is float32\[9\], not float32\[8\]"),
        (WEIGHTS, {"time.0.bias": torch.zeros(8, dtype=torch.int32)}, "time.0.bias is int32"),
        (STATE, {"weights/time.0.bias": torch.zeros(9)}, r"time.0.bias is float32\[9\]"),
        (STATE, {"step": torch.tensor([1, 2])}, "is damaged: "),
        (STATE, {"step": torch.tensor(-1)}, "it is of step -1"),
        (STATE, {"seconds": torch.tensor(-1.0)}, "and second -1"),
        (STATE, {"optimiser/time.0.bias/exp_avg": None}, "no tensor, exp_avg"),
        (STATE, {"optimiser/time.0.bias/exp_avg": torch.zeros(1)}, r"exp_avg is float32\[1\]"),
        (STATE, {"losses/plateau": torch.zeros(2)}, "is damaged: "),
        (STATE, {"losses/recent": torch.tensor(1.0)}, "is damaged: "),
    ],
)
def test_hostile_tensors_are_refused_with_the_reason(
    small: Path, name: str, changes: dict[str, torch.Tensor | None], reason: str
) -> None:
    config = load(small).config
    content = retensored(small / name, **changes)
    with changed(small / name, content, sealed=True), pytest.raises(GsdmcError, match=reason) as caught:
        train(bcmf(1, 1, 1), config, steps=3, folder=small, resume=True)
    assert Path(name).name in caught.value.message


def test_folders_of_the_version_before_load_and_go_on(small: Path, tmp_path: Path) -> None:
    older = tmp_path / "m"
    shutil.copytree(small, older)
    (older / SUMS).unlink()
    with pytest.raises(GsdmcError, match="has no checksums: its SHA256SUMS is missing"):
        load(older)
    data = json.loads((older / CONFIG).read_text()) | {"format": 2}
    del data["gsdmc"], data["training"]["plateau"], data["run"]["ended"]
    (older / CONFIG).write_text(json.dumps(data))
    tensors = load_file(older / STATE)
    (older / STATE).write_bytes(save({n: t for n, t in tensors.items() if not n.startswith("losses/")}))
    shutil.rmtree(older / "logs")
    config = load(older).config
    resumed = train(bcmf(1, 1, 1), config, steps=4, folder=older, resume=True)
    assert resumed.run["steps"] == 4
    assert load(older).run == resumed.run
    assert (older / SUMS).exists()


def test_a_model_without_its_state_is_used_but_not_resumed(small: Path, tmp_path: Path) -> None:
    shutil.copytree(small, tmp_path / "m")
    (tmp_path / "m" / STATE).unlink()
    config = load(tmp_path / "m").config
    with pytest.raises(GsdmcError, match="keeps no training state to resume from"):
        train(bcmf(1, 1, 1), config, steps=3, folder=tmp_path / "m", resume=True)
