from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch import Tensor

from gsdmc.kernels import attention, choice, csr, dense
from gsdmc.kernels.attention import BACKENDS, sparse_attention
from gsdmc.kernels.structure import Structure
from tests.kernels.structures import ROLES, SHAPES, make, structures

FAST = ("dense", "cpu")
fast = pytest.mark.parametrize("backend", FAST)


def draw(
    s: Structure, batch: int, heads: int, width: int, seed: int = 0, dtype: torch.dtype = torch.float32
) -> list[Tensor]:
    """q, k and v as a network makes them, slices of one projection, and role_bias."""
    generator = torch.Generator().manual_seed(seed)
    fused = torch.randn(batch, s.nodes, 3, heads, width, generator=generator, dtype=dtype)
    bias = torch.randn(heads, ROLES, generator=generator, dtype=dtype)
    tensors = [*fused.permute(2, 0, 3, 1, 4).unbind(0), bias]
    return [x.detach().requires_grad_() for x in tensors]


def attend(inputs: list[Tensor], s: Structure, backend: str = "auto", scale: float | None = None) -> Tensor:
    q, k, v = inputs[:3]
    bias = inputs[3] if len(inputs) == 4 else None
    return sparse_attention(q, k, v, s, bias, scale=scale, backend=backend)


def results(inputs: list[Tensor], s: Structure, backend: str, scale: float | None = None) -> list[Tensor]:
    """Output and the gradients of all inputs, for a fixed upstream gradient."""
    out = attend(inputs, s, backend, scale)
    upstream = torch.sin(torch.arange(out.numel(), dtype=torch.float64)).view(out.shape)
    return [out.detach(), *torch.autograd.grad(out, inputs, upstream.to(out.dtype))]


def assert_close(got: list[Tensor], expected: list[Tensor], tolerance: float) -> None:
    for a, b in zip(got, expected, strict=True):
        assert a.shape == b.shape
        assert a.dtype == b.dtype
        assert torch.allclose(
            a, b, rtol=0, atol=tolerance * max(1.0, float(b.abs().max()) if b.numel() else 0)
        )


@fast
@settings(max_examples=60)
@given(
    s=structures(),
    batch=st.integers(0, 3),
    heads=st.integers(1, 3),
    width=st.sampled_from([1, 8, 24, 32, 64]),
    seed=st.integers(0, 99),
    roles=st.booleans(),
    scale=st.sampled_from([None, 1.0, 30.0]),
)
def test_agrees_with_the_reference_in_value_and_gradients(
    backend: str,
    s: Structure,
    batch: int,
    heads: int,
    width: int,
    seed: int,
    roles: bool,
    scale: float | None,
) -> None:
    inputs = draw(s, batch, heads, width, seed, torch.float64)[: 4 if roles else 3]
    expected = results(inputs, s, "reference", scale)
    assert_close(results(inputs, s, backend, scale), expected, 1e-11)


@fast
@pytest.mark.parametrize("shape", SHAPES)
def test_agrees_in_float32(backend: str, shape: str) -> None:
    s = make(shape, 41)
    inputs = draw(s, 2, 2, 24)
    exact = results([x.detach().double().requires_grad_() for x in inputs], s, "reference")
    assert_close(results(inputs, s, backend), [x.float() for x in exact], 1e-5)


@fast
@pytest.mark.parametrize("shape", ["hub", "empty"])
def test_gradcheck(backend: str, shape: str) -> None:
    s = make(shape, 4)
    inputs = draw(s, 1, 2, 2, dtype=torch.float64)
    assert torch.autograd.gradcheck(lambda *x: attend(list(x), s, backend), inputs)


@pytest.mark.parametrize("backend", ["reference", *FAST])
@pytest.mark.parametrize("shape", SHAPES)
def test_repeats_bit_for_bit(backend: str, shape: str) -> None:
    s = make(shape, 37)
    inputs = draw(s, 3, 2, 8)
    first, second = (results(inputs, s, backend) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@fast
def test_repeats_bit_for_bit_on_two_threads(backend: str) -> None:
    s = make("random", 101)
    inputs = draw(s, 16, 2, 16)
    torch.set_num_threads(2)
    try:
        first, second = (results(inputs, s, backend) for _ in range(2))
    finally:
        torch.set_num_threads(1)
    assert all(torch.equal(a, b) for a, b in zip(first, second, strict=True))
    assert_close(first, results(inputs, s, "reference"), 1e-5)


@fast
def test_an_example_does_not_depend_on_its_batch(backend: str) -> None:
    s = make("random", 19)
    inputs = draw(s, 5, 2, 8)
    whole = attend(inputs, s, backend)
    alone = attend([*(x[3:4] for x in inputs[:3]), inputs[3]], s, backend)
    assert torch.allclose(whole[3:4], alone, atol=1e-6)


@pytest.mark.parametrize(("backend", "module"), [("dense", dense), ("cpu", csr)])
def test_chunks_of_the_batch_change_nothing(
    backend: str, module: object, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = make("cliques", 17)
    inputs = draw(s, 5, 2, 8, dtype=torch.float64)
    whole = results(inputs, s, backend)
    monkeypatch.setattr(module, "CHUNK", 2 * s.nodes**2 * 2)
    assert_close(results(inputs, s, backend), whole, 1e-13)


@fast
def test_large_logits_stay_finite(backend: str) -> None:
    s = make("random", 13)
    q, *rest = draw(s, 1, 2, 8, dtype=torch.float64)
    inputs = [(1e4 * q).detach().requires_grad_(), *rest]
    got = results(inputs, s, backend)
    assert all(bool(x.isfinite().all()) for x in got)
    assert_close(got, results(inputs, s, "reference"), 1e-9)


@fast
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
def test_half_precision_in_and_out(backend: str, dtype: torch.dtype) -> None:
    s = make("hub", 9)
    inputs = [x.detach().to(dtype).requires_grad_() for x in draw(s, 2, 2, 8)]
    got = results(inputs, s, backend)
    assert {x.dtype for x in got} == {dtype}
    exact = results([x.detach().double().requires_grad_() for x in inputs], s, "reference")
    assert_close(got, [x.to(dtype) for x in exact], 2e-2)


@fast
@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16])
@pytest.mark.parametrize("shape", SHAPES)
def test_half_precision_errs_at_most_twice_as_much_as_plain_torch(
    backend: str, shape: str, dtype: torch.dtype
) -> None:
    s = make(shape, 40)
    inputs = [x.detach().to(dtype).requires_grad_() for x in draw(s, 2, 2, 32)[:3]]
    mask = torch.full((s.nodes, s.nodes), -torch.inf, dtype=dtype)
    mask[s.rows, s.indices] = 0
    q, k, v = inputs
    out = torch.softmax(q @ k.transpose(2, 3) * 32**-0.5 + mask, dim=-1) @ v
    upstream = torch.sin(torch.arange(out.numel(), dtype=torch.float64)).view(out.shape)
    plain = [out.detach(), *torch.autograd.grad(out, inputs, upstream.to(dtype))]
    exact = results([x.detach().double().requires_grad_() for x in inputs], s, "reference")
    for ours, theirs, truth in zip(results(inputs, s, backend), plain, exact, strict=True):
        rounding = torch.finfo(dtype).eps * float(truth.abs().max()) + 1e-6
        assert (ours - truth).abs().max() <= 2 * (theirs - truth).abs().max() + rounding


@fast
@pytest.mark.parametrize("shape", SHAPES)
def test_no_memory_is_read_before_it_is_written(
    backend: str, shape: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    s = make(shape, 37)
    inputs = draw(s, 3, 2, 8)
    expected = results(inputs, s, backend)
    made: list[str] = []

    def poisoned(name: str, empty: Callable[..., Tensor]) -> Callable[..., Tensor]:
        def fill(*arguments: object, **options: object) -> Tensor:
            made.append(name)
            tensor = empty(*arguments, **options)
            return tensor.fill_(torch.nan) if tensor.is_floating_point() else tensor.fill_(-(2**15))

        return fill

    for name in ("empty", "empty_like"):
        monkeypatch.setattr(torch, name, poisoned(name, getattr(torch, name)))
    monkeypatch.setattr(Tensor, "new_empty", poisoned("new_empty", Tensor.new_empty))
    got = results(inputs, make(shape, 37), backend)  # a new structure, whose index arrays are made anew too
    assert made
    assert all(torch.equal(a, b) for a, b in zip(got, expected, strict=True))


@fast
def test_no_gradient_wanted_none_made(backend: str) -> None:
    s = make("chain", 6)
    q, k, v, bias = draw(s, 2, 1, 8)
    out = sparse_attention(q, k.detach(), v.detach(), s, bias.detach(), backend=backend)
    (d_q,) = torch.autograd.grad(out.sum(), q)
    expected = torch.autograd.grad(sparse_attention(q, k, v, s, bias, backend="reference").sum(), q)
    assert_close([d_q], list(expected), 1e-5)
    with torch.no_grad():
        assert torch.equal(sparse_attention(q, k, v, s, bias, backend=backend), out)


@pytest.mark.parametrize(
    ("structure", "expected"),
    [(make("chain", 200), "cpu"), (make("chain", 32), "dense"), (make("full", 40), "dense")],
)
def test_auto_picks_by_size_and_share(
    structure: Structure, expected: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called: list[str] = []

    def spy(name: str) -> Callable[..., Tensor]:
        def record(q: Tensor, *_: object) -> Tensor:
            called.append(name)
            return q

        return record

    monkeypatch.setattr(attention, "BACKENDS", {name: spy(name) for name in BACKENDS})
    attend(draw(structure, 1, 1, 8), structure)
    assert called == [expected]


def test_auto_asks_a_gpu_what_it_can(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "TRITON_LACKS", None)
    q = SimpleNamespace(device=SimpleNamespace(type="cuda"), dtype=torch.float32, shape=(1, 1, 200, 16))
    for capability, expected in (((8, 0), "triton"), ((7, 5), "dense")):
        monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _, found=capability: found)
        assert attention._picked(cast(Tensor, q), make("chain", 200), biased=True) == expected


def test_triton_says_what_it_lacks(monkeypatch: pytest.MonkeyPatch) -> None:
    s = make("chain", 40)
    inputs = draw(s, 1, 1, 8)
    with pytest.raises(ValueError, match="backend triton: expected a symmetric structure"):
        attend(inputs, one_way(40), "triton")
    if choice.HAS_TRITON:
        monkeypatch.setattr("gsdmc.kernels.triton.run.interpreted", lambda: False)
        with pytest.raises(ValueError, match="backend triton: expected tensors on a CUDA device, got cpu"):
            attend(inputs, s, "triton")
    monkeypatch.setattr(choice, "HAS_TRITON", False)
    with pytest.raises(ValueError, match="backend triton: triton is not installed"):
        attend(inputs, s, "triton")


def test_nothing_else_needs_triton() -> None:
    """As where it can't be installed: every other backend runs, and `auto` with them."""
    program = """
import sys
sys.modules["triton"] = None
from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure
import numpy, torch
nodes = numpy.arange(40)
q = torch.ones(1, 1, 40, 4)
sparse_attention(q, q, q, Structure.build(40, nodes, nodes))
assert not [name for name in sys.modules if name.startswith("triton.")]
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def one_way(nodes: int) -> Structure:
    """Node 0 attends to itself, every other one to itself and to the node before it."""
    loop, rest = np.arange(nodes), np.arange(1, nodes)
    rows, columns = np.concatenate([loop, rest]), np.concatenate([loop, rest - 1])
    roles = np.repeat([0, 1], [nodes, nodes - 1])
    return Structure.build(nodes, rows, columns, roles, ROLES, symmetric=False)


@pytest.mark.parametrize("nodes", [5, 40])
def test_asymmetric_structures_run_on_the_reference_along_their_entries_alone(nodes: int) -> None:
    s = one_way(nodes)
    inputs = draw(s, 2, 2, 8, dtype=torch.float64)
    out = attend(inputs, s)
    assert torch.equal(out, attend(inputs, s, "reference"))
    gradients = torch.autograd.grad(out[:, :, 2].sum(), inputs[1:3])  # of keys and values
    for gradient in gradients:
        reached = gradient.abs().sum((0, 1, 3)) > 0
        assert torch.nonzero(reached)[:, 0].tolist() == [1, 2]
    for backend in FAST:
        with pytest.raises(ValueError, match=f"backend {backend}: expected a symmetric structure"):
            attend(inputs, s, backend)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_small_calls_without_roles_are_torchs_own_attention(dtype: torch.dtype) -> None:
    s = make("random", 20)
    q, k, v = draw(s, 1, 2, 8, dtype=dtype)[:3]
    mask = torch.full((20, 20), -torch.inf, dtype=dtype)
    mask[s.rows, s.indices] = 0
    expected = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask, scale=2.0)
    for backend in ("auto", "auto", "dense"):  # the first call makes what the second finds
        out = sparse_attention(q, k, v, s, scale=2.0, backend=backend)
        assert torch.equal(out, expected)
        assert out.grad_fn.name() == expected.grad_fn.name()
    usual = torch.nn.functional.scaled_dot_product_attention(q, k, v, mask)
    torch.testing.assert_close(sparse_attention(q, k, v, s), usual)


@pytest.mark.parametrize("after", [0, 1, 2])
def test_refusals(after: int) -> None:
    """They hold for the first call of its shapes and for those after it."""
    s = make("chain", 4)
    q, k, v, bias = draw(s, 2, 3, 8)
    for _ in range(after):
        sparse_attention(q, k, v, s)
        sparse_attention(q, k, v, s, bias)
    with pytest.raises(ValueError, match="backend: expected auto, reference, dense, cpu, triton, got 'gpu'"):
        sparse_attention(q, k, v, s, backend="gpu")
    with pytest.raises(ValueError, match=r"q: expected shape \[B, H, 4, D\], got \[2, 3, 3, 8\]"):
        sparse_attention(q[:, :, :3], k, v, s)
    with pytest.raises(ValueError, match=r"q: expected shape \[B, H, 4, D\], got \[3, 4, 8\]"):
        sparse_attention(q[0], k, v, s)
    with pytest.raises(ValueError, match=r"k: expected shape \[2, 3, 4, 8\] like q, got \[2, 3, 4, 7\]"):
        sparse_attention(q, k[..., :7], v, s)
    with pytest.raises(ValueError, match=r"v: expected dtype torch\.float32 like q, got torch\.float64"):
        sparse_attention(q, k, v.double(), s)
    with pytest.raises(ValueError, match=r"q: expected a floating dtype, got torch\.int64"):
        sparse_attention(q.long(), k, v, s)
    with pytest.raises(ValueError, match=r"role_bias: expected shape \[3, 4\], got \[3, 3\]"):
        sparse_attention(q, k, v, s, bias[:, :3])
    with pytest.raises(ValueError, match="k: expected device cpu like q, got meta"):
        sparse_attention(q, k.to("meta"), v, s)
    with pytest.raises(ValueError, match="v: expected device cpu like q, got meta"):
        sparse_attention(q, k, v.to("meta"), s)
    with pytest.raises(ValueError, match="role_bias: expected device cpu like q, got meta"):
        sparse_attention(q, k, v, s, bias.to("meta"))
    with pytest.raises(ValueError, match="structure: expected device meta like q, got cpu"):
        sparse_attention(q.to("meta"), k.to("meta"), v.to("meta"), s)
