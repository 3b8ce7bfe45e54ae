from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from peers import admit, check, flex, masks, timing
from peers.attentions import Attention, Maker, edges, ours, padded, sdpa
from torch import Tensor

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure

FOLDER = Path(__file__).resolve().parents[2] / "benchmarks"
SMALL = {"bcmf": lambda: masks.bcmf(3, 2, 4), "sorting": lambda: masks.sorting(3), "sudoku": masks.sudoku}


@pytest.mark.parametrize("mask", SMALL)
@pytest.mark.parametrize("make", [padded, sdpa, edges, ours("auto")])
def test_peers_compute_the_same_attention_in_every_example(mask: str, make: Maker) -> None:
    s = SMALL[mask]()
    tensors = check.inputs(s, 3, 2, 8)
    doubled = [x.detach().double().requires_grad_(x.requires_grad) for x in tensors]
    exact = check.forward_backward(ours("reference")(s, 3), doubled)
    assert check.error(check.forward_backward(make(s, 3), tensors), exact) < 1e-5
    shown = check.oracle(s, tensors)
    assert check.error(shown, [x[[0, -1]] for x in exact]) < 1e-12
    assert admit.admit(make, s, tensors, shown, 1e-5).attend is not None


def test_edge_lists_add_role_biases_and_sum_their_gradient_over_examples() -> None:
    s = masks.sudoku(2)
    assert s.membership.shape[0] > s.roles  # entries of two roles
    tensors = check.inputs(s, 3, 2, 8, torch.float64)
    bias = torch.randn(2, s.roles, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    bias.requires_grad_()

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return sparse_attention(q, k, v, s, bias, backend="reference")

    exact = check.forward_backward(attend, tensors, bias)
    got = check.oracle_with_roles(s, tensors, bias)
    assert check.error(got, check.examples(exact)) < 1e-12


def wrong(s: Structure, batch: int) -> Attention:
    """Right in value, wrong in the gradient of k."""
    right = sdpa(s, batch)
    return lambda q, k, v: right(q, k.detach() + 0.5 * (k - k.detach()), v)


def unable(s: Structure, batch: int) -> Attention:
    raise NotImplementedError("no such device\nmore lines")


def test_no_figure_without_right_gradients() -> None:
    s = masks.sudoku(2)
    tensors = check.inputs(s, 2, 1, 8)
    exact = check.oracle(s, tensors)
    found = admit.admit(wrong, s, tensors, exact, 1e-5)
    assert found.attend is None
    assert found.error is not None
    assert found.error > 0.1
    assert "disagrees with float64" in str(found.reason)
    assert admit.admit(wrong, s, tensors, exact, 1e-5, backward=False).attend is not None
    assert admit.admit(unable, s, tensors, exact, 1e-5).reason == "NotImplementedError: no such device"
    assert check.error([torch.tensor([[torch.nan]])], [torch.ones(1, 1)]) == float("inf")


@pytest.mark.parametrize("dense", [True, False])
def test_block_masks_hold_the_entries(dense: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(flex, "DENSE_PAIRS", 2**28 if dense else 0)
    s = masks.bcmf(6, 5, 4)  # 194 nodes: two blocks a side
    mask = flex.block_mask(s)
    i, j = torch.meshgrid(torch.arange(s.nodes), torch.arange(s.nodes), indexing="ij")
    zero = torch.zeros((), dtype=torch.int64)
    expected = torch.zeros(s.nodes, s.nodes, dtype=torch.bool)
    expected[s.rows, s.indices] = True
    assert torch.equal(mask.mask_mod(zero, zero, i, j), expected)
    live = torch.nn.functional.pad(expected, (0, 256 - s.nodes, 0, 256 - s.nodes)).view(2, 128, 2, 128)
    assert torch.equal(mask.to_dense()[0, 0].bool(), live.any(3).any(1))


def test_rounds_sample_everyone_alike() -> None:
    calls: list[str] = []

    def sampler(name: str, seconds: float) -> timing.Sampler:
        return lambda: (calls.append(name), seconds)[1]

    samples = timing.interleaved({"a": sampler("a", 1.0), "b": sampler("b", 3.0)}, 0.0, least=7, most=7)
    assert samples == {"a": [1.0] * 7, "b": [3.0] * 7}
    assert all(set(calls[n : n + 2]) == {"a", "b"} for n in range(0, 14, 2))
    assert timing.ratio(samples["b"], samples["a"]) == timing.Spread(3.0, 3.0, 3.0, 7)
    assert timing.spread([0.0, 1.0, 2.0, 3.0, 4.0, 5.0]).json() == {
        **{"median": 2500.0, "low": 1000.0, "high": 4000.0, "samples": 6}
    }


def test_the_script_at_toy_size(tmp_path: Path) -> None:
    out = tmp_path / "attention.json"
    options = ["--masks", "bcmf-2", "--batches", "2", "--curve", "2", "--curve-batch", "1", "--peers", "sdpa"]
    options += ["--seconds", "0", "--rounds", "2", "--burst", "0", "--json", str(out)]
    command = [sys.executable, str(FOLDER / "attention.py"), *options]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    result = json.loads(out.read_text())
    assert result["versions"]["torch"] == torch.__version__
    (row,), (point,) = result["rows"], result["curve"]
    for found in (row["ms"], point["ms"]):
        assert {"auto", "sdpa", "linears", "own linears"} <= set(found)
        for name in ("auto", "sdpa"):
            assert found[name]["error"] < 1e-5
            assert found[name]["both"]["samples"] == 2
            assert found[name]["forward_of_auto"]["median"] > 0
    assert "seven linear layers" in out.with_suffix(".svg").read_text()
    assert "forward and backward, medians in ms" in done.stdout


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a device")
def test_the_gpu_script_says_what_it_needs() -> None:
    command = [sys.executable, str(FOLDER / "attention_gpu.py")]
    environment = {"PATH": "", "TRITON_INTERPRET": ""}
    done = subprocess.run(command, capture_output=True, text=True, env=environment)
    assert done.returncode == 1
    assert done.stderr.startswith("attention_gpu.py: no CUDA device here")


@pytest.mark.slow
def test_the_gpu_script_in_the_interpreter(tmp_path: Path) -> None:
    pytest.importorskip("triton")
    options = ["--interpret", "--sections", "copy", "peers", "sweep", "--masks", "bcmf-2", "--batches", "1"]
    options += ["--types", "bf16", "--peers", "edges", "--heads", "1", "--width", "8"]
    command = [sys.executable, str(FOLDER / "attention_gpu.py"), *options, "--json", str(tmp_path / "x.json")]
    done = subprocess.run(command, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "an interpreter says nothing of speed" in done.stdout
    assert "disagrees" not in done.stdout
    assert "wrong:" not in done.stdout
    assert not list(tmp_path.iterdir())  # no figures
