from __future__ import annotations

from dataclasses import replace

import pytest
import torch

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.model import Model
from gsdmc.inference.scores import SCORES, Check, Score, Values, scores_of, valid_grids

PROGRAMS = tuple(SCORES)


class PerfectCheck(Check):
    """Samples that are the truth, also of the queries that a score asks on its own."""

    def sample(self, values: Values, mask: Values, stream: int) -> tuple[Values, Values]:
        found = {**values}
        if self.problem.name == "inversion":
            found["R"] = torch.linalg.solve(values["A"].double(), values["E"].double()).to(values["A"])
        return found, found


def perfect(program: str, trained: Model, count: int = 8) -> Check:
    problem = gsdmc.compile(program)
    truth = problem.simulate(count, seed=3)
    nothing = {name: torch.zeros_like(v, dtype=torch.bool) for name, v in truth.items()}
    return PerfectCheck(problem, trained.trained, truth, nothing, truth, truth, 0, None)


@pytest.mark.parametrize("program", PROGRAMS)
def test_the_truth_scores_best(program: str, bcmf: Model) -> None:
    scores = scores_of(perfect(program, bcmf))
    assert scores
    for score in scores:
        best = 1.0 if score.share else 0.0
        assert score.raw == pytest.approx(best, abs=1e-4)
        assert score.restored == pytest.approx(best, abs=1e-4)
        assert score.prior is None or score.prior > 0.1


def score_of(check: Check, **changed: torch.Tensor) -> Score:
    return scores_of(replace(check, raw={**check.raw, **changed}))[0]


def test_the_factorisation_error_is_pooled_and_raw(bcmf: Model) -> None:
    check = perfect("bcmf", bcmf)
    score = score_of(check, R=torch.zeros_like(check.truth["R"]))
    assert score.raw == pytest.approx(check.truth["E"].double().square().mean().sqrt().item())
    assert score.restored == pytest.approx(0, abs=1e-6)


def test_wrong_lists_and_gates_are_counted(bcmf: Model) -> None:
    check = perfect("sorting", bcmf)
    wrong = check.truth["P"].clone()
    wrong[0] = wrong[0].flip(0)
    assert score_of(check, P=wrong).raw == 7 / 8
    check = perfect("boolean", bcmf)
    wrong = check.truth["y"].clone()
    wrong[:2, 0] = ~wrong[:2, 0]
    outputs, gates, circuits = scores_of(replace(check, raw={**check.raw, "y": wrong}))
    assert (outputs.raw, gates.raw, circuits.raw) == (1.0, 1 - 2 / (8 * 15), 6 / 8)


def test_grids_are_judged_by_rows_columns_and_boxes() -> None:
    grids = gsdmc.compile("sudoku").simulate(6, seed=0)["cell"]
    assert valid_grids(grids).all()
    swapped = grids.clone()
    swapped[0, 0, 0, 0, :2] = swapped[0, 0, 0, 0, :2].flip(0)
    assert valid_grids(swapped).tolist() == [False, True, True, True, True, True]
    digits = torch.arange(9)
    latin = ((digits[:, None] + digits) % 9).reshape(1, 3, 3, 3, 3)  # rows and columns hold, boxes don't
    assert not valid_grids(latin).any()


def test_programs_of_ones_own_have_no_score_even_under_a_bundled_name(
    kinds: gsdmc.Problem, bcmf: Model
) -> None:
    check = perfect("bcmf", bcmf)
    own = replace(kinds, name="bcmf")
    truth = own.simulate(2, seed=0)
    assert scores_of(replace(check, problem=own, truth=truth)) == ()
    assert scores_of(replace(check, problem=kinds, truth=truth)) == ()


def test_vectors_under_a_bundled_name_have_no_score(bcmf: Model) -> None:
    text = """(let [a (sample "A" (dirichlet [1.0 1.0]))]
      (sample "R" (normal (first a) 1)) (sample "E" (normal (last a) 1)))"""
    own = compile_text(text, "bcmf.clj")
    assert own.name == "bcmf"
    assert scores_of(replace(perfect("bcmf", bcmf), problem=own, truth=own.simulate(2, seed=0))) == ()
