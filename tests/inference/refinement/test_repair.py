from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import torch
from torch import Tensor

import gsdmc
from gsdmc.compiler import Problem, compile_text
from gsdmc.inference.refinement.polish import polish
from gsdmc.inference.refinement.repair import Finish, Finished, Repair, repair

Values = Mapping[str, Tensor]
CIRCUIT = """
(def n 4)
(let [x (foreach n [i (range n)] (sample "x" (bernoulli 0.5)))
      y (foreach n [i (range n)] (sample "y" (dirac (and (get x i) (get x (mod (+ i 1) n))))))]
  (sample "out" (dirac (any? y))))
"""


@dataclass
class Guess:
    """Stands for a network that knows only evidence: the rest is the program's draw, or an answer."""

    problem: Problem
    answer: Values | None = None
    asked: list[dict[str, Tensor]] = field(default_factory=list)

    def __call__(self, values: Values, mask: Values, seed: int) -> dict[str, Tensor]:
        self.asked.append(dict(mask))
        batch = len(next(iter(mask.values())))
        new = self.answer or self.problem.simulate(batch, seed)
        return {
            n: torch.where(
                mask[n], values[n], v[:batch] if len(v) >= batch else v.expand(batch, *v.shape[1:])
            )
            for n, v in new.items()
        }


def restoring(problem: Problem) -> Finish:
    return lambda values, mask: Finished(problem.restore(values, mask))


def run(
    problem: Problem, values: Values, mask: Values, guess: Guess, rounds: int = 30, seed: int = 0
) -> tuple[dict[str, Tensor], Repair]:
    start = Finished(problem.restore(values, mask))
    found, report = repair(
        problem, start, mask, guess, restoring(problem), rounds=rounds, seed=seed, tolerance=1e-4
    )
    return found.values, report


def nothing(problem: Problem, batch: int) -> dict[str, Tensor]:
    return {a.name: torch.zeros(batch, *a.shape, dtype=torch.bool) for a in problem.graph.arrays}


def test_cells_of_broken_units_are_drawn_again_and_the_others_are_evidence() -> None:
    problem = gsdmc.compile("sudoku")
    answer = problem.simulate(1, seed=0)
    cell = answer["cell"].repeat(3, 1, 1, 1, 1)
    cell[1, 0, 0, 0, 0] = cell[1, 0, 0, 0, 1]  # a wrong cell breaks its row, its column and its box
    mask = nothing(problem, 3)
    mask["cell"][:, 2, 2] = True
    guess = Guess(problem, answer)
    found, report = run(problem, {"cell": cell}, mask, guess)
    assert (found["cell"] == answer["cell"]).all()
    assert (report.samples, report.invalid, report.unsolved, report.stuck) == (3, 1, (), ())
    assert [(r.tried, r.improved, r.solved) for r in report.rounds] == [(1, 1, 1)]
    (asked,) = guess.asked
    kept = asked["cell"][0].reshape(9, 9)  # by row and column
    touched = torch.zeros(9, 9, dtype=torch.bool)
    touched[0] = touched[:, 0] = True
    touched[:3, :3] = True
    touched[8] = False  # evidence
    assert not kept[touched].any()
    assert kept[8].all()
    assert kept[~touched].double().mean() > 0.8  # chance picks some more


def test_samples_get_better_until_they_hold_and_evidence_stays() -> None:
    problem = gsdmc.compile("sudoku", n=2)
    generator = torch.Generator().manual_seed(0)
    truth = problem.simulate(32, seed=1)["cell"]
    mask = nothing(problem, 32)
    mask["cell"] = torch.rand(truth.shape, generator=generator) < 0.6
    start = torch.where(mask["cell"], truth, torch.randint(4, truth.shape, generator=generator))
    found, report = run(problem, {"cell": start}, mask, Guess(problem))
    assert torch.equal(found["cell"][mask["cell"]], truth[mask["cell"]])
    before, after = (problem.verify({"cell": v}).factors for v in (start, found["cell"]))
    broken = [sum((~holds).sum(1) for holds in f.values()) for f in (before, after)]
    assert (broken[1] <= broken[0]).all()
    assert broken[1].sum() < broken[0].sum() / 2
    left = {i for i in range(32) if broken[1][i]}
    assert set(report.unsolved) == left
    assert sum(r.solved for r in report.rounds) == report.invalid - len(left)
    again, _ = run(problem, {"cell": start}, mask, Guess(problem))
    other, _ = run(problem, {"cell": start}, mask, Guess(problem), seed=1)
    assert torch.equal(found["cell"], again["cell"])
    assert not torch.equal(found["cell"], other["cell"])


def test_an_output_that_is_given_is_traced_to_the_inputs() -> None:
    problem = compile_text(CIRCUIT, "circuit.clj")
    values = {"x": torch.zeros(8, 4, dtype=torch.bool), "y": torch.zeros(8, 4, dtype=torch.bool)}
    values["out"] = torch.ones(8, dtype=torch.bool)
    mask = nothing(problem, 8)
    mask["out"][:] = True
    mask["x"][:, 0] = True
    guess = Guess(problem)
    found, report = run(problem, values, mask, guess)
    assert report.unsolved == ()
    assert report.invalid == 8
    assert not found["x"][:, 0].any()
    assert (found["x"] & found["x"].roll(-1, 1)).any(1).all()
    assert not guess.asked[0]["y"].any()  # what is computed is no evidence
    assert not guess.asked[0]["x"][:, 1:].any()


def test_what_no_variable_can_change_is_left_and_named() -> None:
    problem = compile_text(CIRCUIT, "circuit.clj")
    values = {"x": torch.zeros(2, 4, dtype=torch.bool), "y": torch.zeros(2, 4, dtype=torch.bool)}
    values["out"] = torch.tensor([True, False])
    mask = nothing(problem, 2)
    mask["out"][:] = mask["x"][:] = True
    guess = Guess(problem)
    found, report = run(problem, values, mask, guess)
    assert (report.unsolved, report.stuck, report.broken) == ((0,), (0,), {"out": 1})
    assert (report.rounds, guess.asked) == ((), [])
    assert torch.equal(found["x"], values["x"])


def test_programs_with_fixed_queries_are_drawn_anew_as_a_whole() -> None:
    problem = gsdmc.compile("hbmf", m=2, n=2, k=2)
    truth = problem.simulate(4, 0)
    mask = nothing(problem, 4)
    mask["E"][:] = True
    guess = Guess(problem)
    start = {**problem.simulate(4, 1), "E": truth["E"]}
    run(problem, start, mask, guess, rounds=2)
    for name, seen in guess.asked[0].items():
        assert bool(seen.any()) is (name == "E")


def test_polishing_and_drawing_again_find_discrete_and_continuous_factors() -> None:
    problem = gsdmc.compile("bcmf", m=4, n=4, k=1)
    truth = problem.simulate(6, 3)
    mask = nothing(problem, 6)
    mask["E"][:] = True
    start = {**problem.simulate(6, 4), "E": truth["E"]}
    guess = Guess(problem)

    def finish(values: Values, seen: Values) -> Finished:
        return Finished(*polish(problem, values, seen))

    polished = finish(start, mask)
    found, report = repair(problem, polished, mask, guess, finish, rounds=60, seed=0, tolerance=1e-4)
    assert report.invalid >= 4
    assert len(report.unsolved) < report.invalid
    figures = found.polished
    assert figures is not None
    assert polished.polished is not None
    assert torch.equal(figures.before, polished.polished.before)
    good = torch.tensor([i not in report.unsolved for i in range(6)])
    assert (figures.after[good] < 1e-4).all()
    assert (figures.after[~good] > 1e-4).all()
    product = found.values["A"] @ found.values["R"].double()
    torch.testing.assert_close(product[good], truth["E"][good].double(), rtol=0, atol=1e-6)


def test_samples_that_hold_are_not_touched() -> None:
    problem = gsdmc.compile("sudoku", n=2)
    values = problem.simulate(3, 0)
    guess = Guess(problem)
    found, report = run(problem, values, nothing(problem, 3), guess)
    assert torch.equal(found["cell"], values["cell"])
    assert (report.invalid, report.rounds, guess.asked) == (0, (), [])


def test_arrays_and_factors_may_be_empty() -> None:
    text = """
    (let [x (foreach n [i (range n)] (sample "x" (normal 0 1)))]
      (foreach (- n 1) [i (range (- n 1))]
        (sample "d" (dirac (- (get x (+ i 1)) (get x i))))
        (factor "f" (< (get x i) 100))))"""
    for n in (1, 3):
        problem = compile_text(f"(def n {n})" + text, "differences.clj")
        values, mask = problem.simulate(2, 0), nothing(problem, 2)
        mask["d"][:] = True
        start = {**values, "x": values["x"] + 200 * torch.ones(n).cumsum(0)}
        found, report = run(problem, start, mask, Guess(problem))
        assert report.invalid == (2 if n > 1 else 0)
        polished, figures = polish(problem, found, mask)
        assert figures.solved.all()
        torch.testing.assert_close(polished["x"].diff(dim=1), values["d"].double(), rtol=0, atol=1e-6)
