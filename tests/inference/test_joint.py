from __future__ import annotations

import numpy as np
import pytest
import torch

import gsdmc
from gsdmc.inference.joint import bind_joint

N = 4


@pytest.fixture(scope="module")
def drawn(kinds: gsdmc.Problem) -> dict[str, np.ndarray]:
    return {name: v.numpy() for name, v in kinds.simulate(3, seed=1).items()}


def test_values_come_back_in_the_arrays(kinds: gsdmc.Problem, drawn: dict[str, np.ndarray]) -> None:
    joint = bind_joint(kinds, drawn, None)
    for name, value in drawn.items():
        np.testing.assert_allclose(joint.values[name].numpy(), value, rtol=1e-6)
        assert not joint.mask[name].any()
    assert joint.values["vector"].dtype == torch.float64


def test_evidence_fills_what_values_leave_out(kinds: gsdmc.Problem, drawn: dict[str, np.ndarray]) -> None:
    evidence = {"real": [1.0, np.nan, 3.0, np.nan], "vector": drawn["vector"][0]}
    values = {name: v for name, v in drawn.items() if name != "vector"}
    values["real"] = np.where([True, False, True, False], np.nan, values["real"])
    joint = bind_joint(kinds, values, evidence)
    assert joint.mask["real"].tolist() == [True, False, True, False]
    assert joint.mask["vector"].all()
    np.testing.assert_allclose(joint.values["real"][:, [0, 2]], [[1.0, 3.0]] * 3)
    np.testing.assert_allclose(joint.values["real"][:, 1], drawn["real"][:, 1], rtol=1e-6)
    np.testing.assert_allclose(joint.values["vector"], drawn["vector"][[0, 0, 0]], rtol=1e-6)


def test_sizes_follow(kinds: gsdmc.Problem) -> None:
    drawn = kinds.resized(n=2).simulate(5, seed=1)
    joint = bind_joint(kinds, drawn, None)
    assert joint.problem.sizes["n"] == 2
    assert joint.values["simplex"].shape == (5, 2, 3)


def test_dimensions_may_be_merged() -> None:
    from gsdmc.compiler import compile_text

    problem = compile_text(
        '(foreach 2 [i (range 2)] (foreach 3 [j (range 3)] (sample "x" (normal 0 1))))', "grid.clj"
    )
    values = np.arange(12.0).reshape(2, 6)
    assert bind_joint(problem, {"x": values}, None).values["x"].tolist() == values.reshape(2, 2, 3).tolist()


@pytest.mark.parametrize(
    ("change", "evidence", "says"),
    [
        ({"real": None}, {}, '"real" has no value'),
        ({"q": 0}, {}, 'the program has no array "q"'),
        ({"real": 1.0}, {}, 'value "real" is a single number'),
        ({"real": np.zeros((2, N))}, {}, "disagree about how many there are"),
        ({"real": np.zeros((3, N, 2))}, {}, 'value "real" has shape 4×2'),
        ({"real": np.zeros((3, 5))}, {}, "the values disagree about the plate i"),
        ({"real": np.full((3, N), np.nan)}, {}, r'"real" at \[0\] has no value in row 0'),
        ({"positive": np.full((3, N), -1.0)}, {}, r'value "positive" at \[0, 0\] is -1'),
        ({"category": np.full((3, N), 4)}, {}, "a whole number from 0 to 3"),
        (
            {"real": np.zeros((3, N))},
            {"real": [0, 0, 1, 0]},
            r'"real" at \[2\] differs in row 0 from the evidence',
        ),
        ({"real": "x"}, {}, "no number"),
    ],
)
def test_mistakes(
    kinds: gsdmc.Problem, drawn: dict[str, np.ndarray], change: dict, evidence: dict, says: str
) -> None:
    values = {name: v for name, v in (drawn | change).items() if v is not None}
    with pytest.raises(gsdmc.GsdmcError, match=says):
        bind_joint(kinds, values, evidence)


def test_no_values_at_all(kinds: gsdmc.Problem) -> None:
    with pytest.raises(gsdmc.GsdmcError, match="there are no values"):
        bind_joint(kinds, {}, None)
