from __future__ import annotations

import pytest
import torch
from torch import Tensor

from gsdmc.kernels import attention, selftest
from gsdmc.kernels.selftest import NAMES, TOLERANCE, Agreement, compare
from gsdmc.kernels.structure import Structure


@pytest.mark.parametrize("backend", ["reference", "dense", "cpu"])
def test_backends_agree_here(backend: str) -> None:
    found = compare(backend)
    assert found.failure is None
    assert list(found.errors) == list(NAMES)
    assert found.holds


def test_the_graph_has_what_kernels_treat_apart() -> None:
    structure = selftest._structure()
    degrees = structure.degrees.tolist()
    assert max(degrees) > 64  # split rows
    assert {1, 3, selftest.CLIQUE} <= set(degrees)
    assert int(structure.membership.sum(1).max()) == 2  # a pair with two roles


def spoilt(factor: float, tensor: str) -> attention.Implementation:
    """The reference with a small mistake in the values or in one gradient."""

    def attend(
        q: Tensor, k: Tensor, v: Tensor, structure: Structure, bias: Tensor | None, scale: float
    ) -> Tensor:
        def twisted(x: Tensor) -> Tensor:
            return x * factor - x.detach() * (factor - 1)  # the same value, another gradient

        named = {"q": q, "k": k, "v": v, "bias": bias}
        if tensor in named:
            x = named[tensor]
            assert x is not None
            named[tensor] = twisted(x)
        out = attention.BACKENDS["reference"](
            named["q"],
            named["k"],
            named["v"],
            structure,
            named["bias"],
            scale,  # type: ignore[arg-type]
        )
        return out * factor if tensor == "values" else out

    return attend


@pytest.mark.parametrize(("tensor", "name"), list(zip(("values", "q", "k", "v", "bias"), NAMES, strict=True)))
def test_a_mistake_anywhere_is_found(tensor: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    wrong = {**attention.BACKENDS, "cpu": spoilt(1.001, tensor)}
    monkeypatch.setattr(attention, "BACKENDS", wrong)
    found = compare("cpu")
    assert not found.holds
    assert found.errors[name] > TOLERANCE


def test_nan_is_no_agreement() -> None:
    assert not Agreement("cpu", "cpu", {"values": float("nan")}).holds


def test_what_a_backend_raises_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> Tensor:
        raise RuntimeError("no such instruction\nat line 1")

    monkeypatch.setattr(attention, "BACKENDS", {**attention.BACKENDS, "cpu": broken})
    assert compare("cpu") == Agreement("cpu", "cpu", {}, "RuntimeError: no such instruction")
    assert not compare("cpu").holds


@pytest.mark.gpu
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("backend", ["dense", "triton"])
def test_backends_agree_on_a_gpu(backend: str) -> None:
    assert compare(backend, "cuda").holds
