from __future__ import annotations

import json
from pathlib import Path
from typing import Any, Literal

import pytest
import torch
from safetensors.torch import save

from gsdmc.language.source import GsdmcError
from gsdmc.training.config import TrainingConfig
from gsdmc.training.presets import PRESETS, preset
from gsdmc.training.reading import UnknownFieldError, check_tensors, checked, damage, read_json, read_tensors


@pytest.mark.parametrize("name", PRESETS)
def test_what_is_written_is_of_its_types(name: str) -> None:
    config = preset(name, "bcmf")
    data = read_json(json.dumps(config.to_json()).encode(), dict[str, Any])
    assert TrainingConfig.from_json(checked(data, TrainingConfig, "training")) == config


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (1, int),
        (1, float),
        (1.5, float),
        (float("inf"), float),
        (True, bool),
        ("a", str),
        ("a", Literal["a", "b"]),
        (None, float | None),
        (2.0, float | None),
        ([1, 2], tuple[int, ...]),
        ([1, 2.5], tuple[int, float]),
        ([[1, 2.5]], list[tuple[int, float]]),
        ({"a": [1]}, dict[str, list[int]]),
        ([{"x": None}], Any),
    ],
)
def test_values_of_their_types_come_back(value: Any, hint: Any) -> None:
    assert checked(value, hint, "it") == value


@pytest.mark.parametrize(
    ("value", "hint"),
    [
        (True, int),
        (1.0, int),
        ("1", int),
        (True, float),
        (float("nan"), float),
        (1, bool),
        (1, str),
        ("c", Literal["a", "b"]),
        (["a"], Literal["a", "b"]),
        ("x", float | None),
        ([1, "2"], tuple[int, ...]),
        ([1], tuple[int, int]),
        ({}, list[int]),
        ([], dict[str, int]),
        ({"a": 1.5}, dict[str, int]),
    ],
)
def test_values_of_other_types_are_named(value: Any, hint: Any) -> None:
    with pytest.raises(ValueError, match=r"^it\S* can't be "):
        checked(value, hint, "it")


def test_fields_that_are_not_known_are_of_a_newer_version(tmp_path: Path) -> None:
    data = TrainingConfig().to_json() | {"betas": [0.9, 0.99]}
    data["sampler"]["clairvoyant"] = True
    with pytest.raises(UnknownFieldError, match=r"^training\.sampler\.clairvoyant$"):
        checked(data, TrainingConfig, "training")
    with pytest.raises(GsdmcError, match="doesn't know: training") as caught, damage(tmp_path / "c.json"):
        checked(data, TrainingConfig, "training")
    assert "pip install --upgrade gsdmc" in str(caught.value.hint)


def test_tensors_are_finite_and_of_the_shapes_that_are_expected() -> None:
    one, count = torch.ones(2, 3), torch.tensor(1)
    assert read_tensors(save({"one": one, "count": count})).keys() == {"one", "count"}
    with pytest.raises(ValueError, match="one is not finite"):
        read_tensors(save({"one": one / 0}))
    check_tensors({"one": one.double()}, {"one": one})
    for found, message in (
        ({}, "it has no tensor, one"),
        ({"one": one, "two": one}, "it has a tensor too many, two"),
        ({"one": one.T.contiguous()}, r"one is float32\[3, 2\], not float32\[2, 3\]"),
        ({"one": one.int()}, r"one is int32\[2, 3\]"),
    ):
        with pytest.raises(ValueError, match=message):
            check_tensors(found, {"one": one})


@pytest.mark.parametrize("text", [b"", b"{", b"\xff", b"[" * 10**5, b"[1]", b"1" * 5000])
def test_what_is_no_document_is_damaged(text: bytes, tmp_path: Path) -> None:
    with pytest.raises(GsdmcError, match=r"c.json is damaged: "), damage(tmp_path / "c.json"):
        read_json(text, dict[str, Any])
