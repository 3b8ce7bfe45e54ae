from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.kernels import choice
from gsdmc.kernels.attention import BACKENDS
from gsdmc.kernels.choice import choose

CHAIN, FULL = 3 * 200 - 2, 200**2
HOPPER, TURING = (9, 0), (7, 5)
NO_COMPILER = "there is no C compiler, which triton needs"


@pytest.mark.parametrize(
    ("nodes", "entries", "batch_heads", "biased", "backend", "says"),
    [
        (200, CHAIN, 128, True, "cpu", "598 of 40,000 pairs"),
        (200, CHAIN, 8, False, "cpu", "598 of 40,000 pairs"),
        (200, FULL, 2, True, "dense", "40,000 of 40,000 pairs"),
        (31, 91, 16, True, "dense", "fixed costs decide"),
        (31, 91, 128, True, "cpu", "91 of 961 pairs"),
        (81, 1701, 8, True, "dense", "fixed costs decide"),
        (81, 1701, 128, True, "cpu", "1,701 of 6,561 pairs"),
        (130, 580, 2, True, "cpu", "580 of 16,900 pairs"),
        (130, 580, 2, False, "dense", "fixed costs decide"),
    ],
)
def test_on_a_cpu(nodes: int, entries: int, batch_heads: int, biased: bool, backend: str, says: str) -> None:
    found = choose("cpu", nodes, entries, True, 16, batch_heads=batch_heads, biased=biased)
    assert found.backend == backend
    assert says in found.reason


@pytest.mark.parametrize(
    ("nodes", "entries", "dtype", "lacks", "capability", "backend", "says"),
    [
        (200, CHAIN, torch.float32, None, HOPPER, "triton", "598 of 40,000 pairs"),
        (9, 25, torch.float64, None, (8, 0), "triton", "25 of 81 pairs"),
        (200, FULL, torch.float16, None, HOPPER, "dense", "40,000 of 40,000 pairs"),
        (60, 3600, torch.float32, None, HOPPER, "dense", "3,600 of 3,600 pairs"),
        (60, 3600, torch.float16, None, HOPPER, "triton", "one tile"),
        (200, CHAIN, torch.float32, NO_COMPILER, HOPPER, "dense", "can't run: there is no C compiler"),
        (200, CHAIN, torch.float32, None, TURING, "dense", "compute capability 7.5"),
        (200, CHAIN, torch.float32, None, None, "dense", "compute capability unknown"),
    ],
)
def test_on_a_gpu(
    nodes: int,
    entries: int,
    dtype: torch.dtype,
    lacks: str | None,
    capability: tuple[int, int] | None,
    backend: str,
    says: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(choice, "TRITON_LACKS", lacks)
    found = choose("cuda", nodes, entries, True, 16, dtype, capability=capability)
    assert found.backend == backend
    assert says in found.reason
    assert choose("cuda", nodes, entries, False, 16, dtype, capability=capability).backend == "reference"


def test_another_device_takes_dense_products() -> None:
    found = choose("mps", 200, CHAIN, True, 16)
    assert (found.backend, "mps" in found.reason) == ("dense", True)


@given(
    st.sampled_from(["cpu", "cuda", "mps"]),
    st.integers(1, 3000),
    st.floats(0, 1),
    st.booleans(),
    st.integers(1, 200),
    st.sampled_from([torch.float16, torch.float32, torch.float64]),
    st.sampled_from([None, NO_COMPILER]),
)
def test_every_choice_is_a_backend_with_a_reason(
    device: str, nodes: int, share: float, symmetric: bool, width: int, dtype: torch.dtype, lacks: str | None
) -> None:
    entries = nodes + int(share * nodes * (nodes - 1))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(choice, "TRITON_LACKS", lacks)
        found = choose(device, nodes, entries, symmetric, width, dtype, capability=HOPPER)
    assert found.backend in BACKENDS
    assert found.reason
    assert lacks is None or found.backend != "triton"
    assert device == "cpu" or found.backend != "cpu"
    assert symmetric == (found.backend != "reference")
