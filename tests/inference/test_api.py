from __future__ import annotations

import subprocess
import sys

import pytest

import gsdmc


def test_every_name_is_there() -> None:
    for name in gsdmc.__all__:
        assert getattr(gsdmc, name) is not None
        assert name in dir(gsdmc)
    with pytest.raises(AttributeError, match="no attribute 'complie'"):
        _ = gsdmc.complie  # type: ignore[attr-defined]


def test_importing_gsdmc_imports_nothing_slow() -> None:
    code = "import sys, gsdmc; dir(gsdmc); print([m for m in ('torch', 'numpy', 'lark') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_a_compiled_problem_shows_mask_nodes_and_draws() -> None:
    problem = gsdmc.compile("bcmf", m=2, n=2, k=1)
    assert problem.mask.shape == (problem.graph.nodes, problem.graph.nodes)
    assert problem.nodes[0] == ("A", (0, 0))
    assert problem.simulate(3, seed=0)["E"].shape == (3, 2, 2)
    assert problem.metrics.entries == problem.mask.nnz
