from __future__ import annotations

import sys
from typing import Any

import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch import Tensor

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure
from gsdmc.kernels.triton import configs, launch, rows, tile
from gsdmc.kernels.triton.rows_forward import attend_rows
from gsdmc.kernels.triton.run import interpreted
from tests.kernels.structures import SHAPES, make, structures
from tests.kernels.triton.cases import DEVICE, draw, errors, exact, hubs, results

if DEVICE == "cuda" and not torch.cuda.is_available():
    pytest.skip("needs a GPU or triton's interpreter", allow_module_level=True)

PATHS = ("one lane", "four lanes", "tile")
paths = pytest.mark.parametrize("path", PATHS)


def take(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Choose kernels whatever the inputs."""
    monkeypatch.setattr(configs, "tile_pays", lambda *_: path == "tile")
    monkeypatch.setattr(configs, "ENOUGH", 0 if path == "one lane" else sys.maxsize)


@pytest.mark.skipif(torch.cuda.is_available(), reason="on a GPU the kernels are compiled")
def test_kernels_are_interpreted() -> None:
    assert interpreted()
    assert type(attend_rows).__name__ == "InterpretedFunction"


@settings(max_examples=50, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    s=structures(),
    batch=st.integers(0, 2),
    heads=st.integers(1, 2),
    width=st.sampled_from([1, 8, 12, 24, 32, 64, 130]),
    seed=st.integers(0, 99),
    roles=st.booleans(),
    scale=st.sampled_from([None, 1.0, 30.0]),
    lanes=st.sampled_from(["one lane", "four lanes"]),
)
def test_rows_agree_with_the_reference_in_float64(
    s: Structure,
    batch: int,
    heads: int,
    width: int,
    seed: int,
    roles: bool,
    scale: float | None,
    lanes: str,
) -> None:
    inputs = draw(s, batch, heads, width, seed, torch.float64)[: 4 if roles else 3]
    with pytest.MonkeyPatch.context() as monkeypatch:
        take(lanes, monkeypatch)
        got = results(inputs, s, scale=scale)
    assert max(errors(got, exact(inputs, s, scale))) < 1e-11


@paths
@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_in_float32(path: str, shape: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take(path, monkeypatch)
    s = make(shape, 41)
    inputs = draw(s, 2, 2, {"one lane": 32, "four lanes": 24, "tile": 8}[path])
    assert max(errors(results(inputs, s), exact(inputs, s))) < 1e-5


@paths
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", ["hub", "empty", "chain", "full"])
def test_half_precision_errs_at_most_twice_as_much_as_plain_pytorch(
    path: str, dtype: torch.dtype, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(path, monkeypatch)
    s = make(shape, 33)
    inputs = draw(s, 2, 2, 24, dtype=dtype)
    got = results(inputs, s)
    assert {x.dtype for x in got} == {dtype}
    expected = exact(inputs, s)
    plain = errors(results(inputs, s, "reference"), expected)
    for ours, theirs in zip(errors(got, expected), plain, strict=True):
        assert ours <= 2 * theirs + 1e-5  # what float32 may err


@pytest.mark.parametrize("lanes", ["one lane", "four lanes"])
def test_long_rows_are_split_and_merged(lanes: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take(lanes, monkeypatch)
    monkeypatch.setattr(rows, "PARTS", 2)
    s = hubs(150, [140, 64, 63, 70])
    inputs = draw(s, 1, 2, 16, dtype=torch.float64)
    assert max(errors(results(inputs, s), exact(inputs, s))) < 1e-11
    single = draw(s, 2, 1, 16)
    assert max(errors(results(single, s), exact(single, s))) < 1e-5


@paths
def test_the_tiles_of_the_table(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(configs, "FORWARD", 2048)
    monkeypatch.setattr(configs, "BACKWARD", 1024)
    take(path, monkeypatch)
    s = make("random", 81)
    inputs = draw(s, 1, 1, 16)
    assert max(errors(results(inputs, s), exact(inputs, s))) < 1e-5


@pytest.mark.parametrize(
    ("shape", "nodes", "dtype", "expected"),
    [
        ("full", 128, torch.float16, ["attend_tile"]),
        ("full", 129, torch.float16, ["attend_rows", "merge_outputs"]),
        ("full", 60, torch.float32, ["attend_rows"]),
        ("empty", 25, torch.bfloat16, ["attend_rows"]),
        ("empty", 24, torch.bfloat16, ["attend_tile"]),
    ],
)
def test_which_kernels_run(
    shape: str, nodes: int, dtype: torch.dtype, expected: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[str] = []

    def record(kernel: Any, programs: int, *_: Any, **__: Any) -> None:
        if programs:
            started.append(kernel.__name__)

    for module in (rows, tile):
        monkeypatch.setattr(module, "run", record)
    s = make(shape, nodes)
    q, k, v, _ = draw(s, 1, 1, 8, dtype=dtype)
    launch.attend(q, k, v, s.to(DEVICE), None, 1.0)
    assert started == expected


@paths
def test_large_logits_stay_finite(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take(path, monkeypatch)
    s = make("random", 23)
    q, *rest = draw(s, 1, 2, 8)
    inputs = [(1e4 * q).detach().requires_grad_(), *rest]
    got = results(inputs, s)
    assert all(bool(x.isfinite().all()) for x in got)
    # Logits of some 1e4 are known to 1e-3, and so are the weights.
    assert errors(got, exact(inputs, s))[0] < 1e-2


def test_large_logits_in_float64() -> None:
    s = hubs(100, [90])
    q, *rest = draw(s, 1, 2, 8, dtype=torch.float64)
    inputs = [(1e4 * q).detach().requires_grad_(), *rest]
    assert max(errors(results(inputs, s), exact(inputs, s))) < 1e-9


@paths
def test_repeats_bit_for_bit(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take(path, monkeypatch)
    s = hubs(75, [70, 30, 7])
    inputs = draw(s, 2, 1, 8)
    first, second = (results(inputs, s) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@paths
def test_nothing_is_read_that_was_not_written(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take(path, monkeypatch)
    s = hubs(80, [70, 5])
    inputs = draw(s, 1, 2, 12)
    expected = results(inputs, s)
    poisoned: list[str] = []

    def poison(name: str, make_empty: Any) -> Any:
        def empty(*arguments: Any, **options: Any) -> Tensor:
            made: Tensor = make_empty(*arguments, **options)
            poisoned.append(name)
            return made.fill_(torch.nan if made.is_floating_point() else -(2**15))

        return empty

    for name in ("empty", "empty_like"):
        monkeypatch.setattr(torch, name, poison(name, getattr(torch, name)))
    monkeypatch.setattr(Tensor, "new_empty", poison("new_empty", Tensor.new_empty))
    got = results(inputs, s)
    assert "new_empty" in poisoned
    assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))


@paths
def test_strides_are_taken_as_they_come(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take(path, monkeypatch)
    s = make("cliques", 31)
    inputs = draw(s, 2, 3, 12)
    expected = results(inputs, s)
    plain = [x.detach().contiguous().requires_grad_() for x in inputs]
    # What lies between and behind the rows must not be read.
    around = torch.full((3, 37, 2, 3, 13), torch.nan, device=DEVICE)
    odd = around[:, 3:34, :, :, 1:].permute(0, 2, 3, 1, 4).unbind(0)
    for x, y in zip(odd, inputs, strict=False):
        x.copy_(y.detach())
    with monkeypatch.context() as patch:
        patch.setattr(Tensor, "contiguous", lambda _: pytest.fail("copied"))
        patch.setattr(Tensor, "clone", lambda *_, **__: pytest.fail("copied"))
        for others in (inputs, plain, [*(x.requires_grad_() for x in odd), inputs[3]]):
            got = results(others, s)
            assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))
    reversed_last = [x.detach().mT.contiguous().mT.requires_grad_() for x in inputs[:3]]
    assert [x.stride(3) for x in reversed_last] != [1, 1, 1]
    got = results([*reversed_last, inputs[3]], s)
    assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))


@paths
def test_one_example_for_all_and_gradients_that_are_one_number(
    path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    take(path, monkeypatch)
    s = make("cliques", 19)
    one, bias = draw(s, 1, 2, 8)[::3]
    gradients = []
    for backend in ("triton", "reference"):
        q = one.expand(3, 2, 19, 8)
        out = sparse_attention(q, q, q, s.to(DEVICE), bias, backend=backend)
        gradients.append(torch.autograd.grad(out.sum(), [one, bias]))
    assert max(errors(list(gradients[0]), [x.double() for x in gradients[1]])) < 1e-5


@paths
def test_no_examples(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take(path, monkeypatch)
    s = hubs(100, [90])
    got = results(draw(s, 0, 2, 8), s)
    assert [list(x.shape) for x in got] == [*[[0, 2, 100, 8]] * 4, [2, 4]]
    assert float(got[4].abs().sum()) == 0


@paths
def test_only_the_gradients_that_are_wanted(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    take(path, monkeypatch)
    s = make("chain", 9)
    q, k, v, bias = draw(s, 2, 1, 8)
    whole = results([q, k, v, bias], s)
    out = sparse_attention(q, k.detach(), v.detach(), s.to(DEVICE), bias.detach(), backend="triton")
    assert torch.equal(out, whole[0])
    fixed = results([q, k, v], s)
    biased = sparse_attention(q.detach(), k.detach(), v.detach(), s.to(DEVICE), bias, backend="triton")
    upstream = torch.sin(torch.arange(out.numel(), dtype=torch.float64)).view(2, 9, 1, 8).transpose(1, 2)
    (d_bias,) = torch.autograd.grad(biased, bias, upstream.to(out))
    assert torch.equal(d_bias, whole[4])
    assert not torch.equal(fixed[1], whole[1])
    with torch.no_grad():
        assert torch.equal(sparse_attention(q, k, v, s.to(DEVICE), bias, backend="triton"), out)


def test_gradcheck() -> None:
    s = make("hub", 3)
    inputs = draw(s, 1, 1, 2, dtype=torch.float64)
    where = s.to(DEVICE)

    def attend(q: Tensor, k: Tensor, v: Tensor, bias: Tensor) -> Tensor:
        return sparse_attention(q, k, v, where, bias, backend="triton")

    assert torch.autograd.gradcheck(attend, inputs)


def test_bias_is_summed_in_float32_under_autocast() -> None:
    s = make("random", 15)
    q, k, v, bias = draw(s, 2, 2, 16, dtype=torch.bfloat16)
    bias = bias.detach().float().requires_grad_()
    plain = results([q, k, v, bias], s)
    with torch.autocast(DEVICE, dtype=torch.bfloat16):
        again = results([q, k, v, bias], s)
    assert all(torch.equal(a, b) for a, b in zip(plain, again, strict=True))
    assert plain[4].dtype == torch.float32
