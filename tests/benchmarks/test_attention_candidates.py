from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

import attention_candidates
import pytest
import torch
from peers import check, masks, numba_rows, plates

SMALL = {
    "bcmf": (masks.bcmf(3, 2, 4), plates.bcmf(3, 2, 4)),
    "sorting": (masks.sorting(4), plates.sorting(4)),
    "sudoku": (masks.sudoku(2), plates.sudoku(2)),
}


@pytest.mark.parametrize("mask", SMALL)
def test_plates_compute_the_same_attention(mask: str) -> None:
    s, plan = SMALL[mask]
    tensors = check.inputs(s, 2, 2, 8)
    exact = check.oracle(s, tensors)
    assert check.error(check.forward_backward(plates.make(plan, s), tensors), exact) < 1e-5


def test_plans_must_have_the_entries_of_the_mask() -> None:
    with pytest.raises(ValueError, match="pairs aren't the structure's entries"):
        plates.make(plates.bcmf(2, 3, 4), masks.bcmf(3, 2, 4))
    s, (cells, groups), *_ = masks.sudoku(2), *plates.sudoku(2)
    with pytest.raises(ValueError, match="pairs aren't the structure's entries"):
        plates.make([(cells, groups[:2])], s)


def test_plans_are_those_of_the_masks_of_their_names() -> None:
    for name in ("bcmf-10", "sorting-20", "sudoku"):
        plates.make(plates.PLANS[name](), masks.MASKS[name]())
    assert set(plates.PLANS) <= set(masks.MASKS)


@pytest.mark.skipif(not numba_rows.AVAILABLE, reason="numba isn't installed, and needn't be")
@pytest.mark.parametrize("mask", SMALL)
def test_rows_by_numba_compute_the_same_attention(mask: str) -> None:
    s, _ = SMALL[mask]
    tensors = check.inputs(s, 2, 2, 8)
    exact = check.oracle(s, tensors)
    assert check.error(check.forward_backward(numba_rows.make(s, 2), tensors), exact) < 1e-5


def test_without_numba_it_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(numba_rows, "AVAILABLE", False)
    with pytest.raises(ModuleNotFoundError, match="numba isn't installed"):
        numba_rows.make(masks.sudoku(2), 1)


def run(monkeypatch: pytest.MonkeyPatch, out: Path, *options: str) -> dict[str, Any]:
    """Run the script in this process, on a mask of 20 nodes, and read what it wrote."""
    toy = ["--masks", "bcmf-2", "--threads", str(torch.get_num_threads()), "--heads", "1", "--width", "8"]
    toy += ["--seconds", "0", "--rounds", "2", "--burst", "0", "--json", str(out)]
    monkeypatch.setattr(sys, "argv", [attention_candidates.__file__, *toy, *options])
    assert attention_candidates.main() == 0
    written: dict[str, Any] = json.loads(out.read_text())
    return written


def test_the_script_at_toy_size(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    out = tmp_path / "candidates.json"
    run(monkeypatch, out, "--batches", "2", "--candidates", "cpu", "dense", "numba")
    result = run(monkeypatch, out, "--batches", "1", "--candidates", "cpu")
    assert result["versions"]["torch"] == torch.__version__
    assert result["versions"]["numba"] == numba_rows.version()
    lone, row = result["rows"]  # the first run's row is kept
    assert (lone["batch"], row["batch"]) == (1, 2)
    assert set(lone["ms"]) == {"cpu"}
    assert row["auto"] == "dense"
    for name in ("cpu", "dense"):
        assert row["ms"][name]["error"] < 1e-5
        assert row["ms"][name]["both"]["samples"] == 2
        assert row["ms"][name]["of_cpu"]["median"] > 0
    assert numba_rows.AVAILABLE or "numba isn't installed" in row["ms"]["numba"]["reason"]
    assert "bcmf-2, 68 entries, batch 1" in capsys.readouterr().out
    monkeypatch.setitem(attention_candidates.CANDIDATES, "cpu", lambda *_: lambda q, k, v: q + k + v)
    with pytest.raises(AssertionError):  # its exit status is 1
        run(monkeypatch, out, "--batches", "1", "--candidates", "cpu")
    (wrong, _) = json.loads(out.read_text())["rows"]
    assert "disagrees with float64" in wrong["ms"]["cpu"]["reason"]
    assert "both" not in wrong["ms"]["cpu"]
