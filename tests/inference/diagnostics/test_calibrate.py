"""Calibration accepts exact posteriors and finds wrong ones, each by the figures that can see it."""

from __future__ import annotations

import json
from functools import cache

import pytest
import torch
from torch import Tensor

from gsdmc.compiler import Problem, compile_text
from gsdmc.inference.diagnostics.calibrate import calibrate
from gsdmc.inference.diagnostics.calibration import Calibration
from gsdmc.language.source import GsdmcError
from tests.inference.diagnostics.exact import SUMS, Sampler, Values, posterior

DETECTED, ACCEPTED = 1e-6, 1e-3


@cache
def sums() -> Problem:
    return compile_text(SUMS, "sums.clj")


def check(sampler: Sampler, seed: int = 0) -> Calibration:
    return calibrate(sums(), sampler, problems=1500, draws=39, seed=seed)


def p_of(calibration: Calibration, name: str) -> float:
    return next(t.p_value for t in calibration.quantities if t.name == name)


@pytest.mark.parametrize("seed", [0, 1, 2])
def test_an_exact_posterior_passes(seed: int) -> None:
    found = check(posterior(), seed)
    assert [t.name for t in found.quantities] == ["a", "b", "up"]
    assert found.uniform
    assert found.density is not None
    assert min(found.p_value, found.density.p_value, found.tarp.p_value) > ACCEPTED
    for level in (0.5, 0.9):
        for share in (
            found.array_coverage("a", level),
            found.array_coverage("up", level),
            found.density.upper(level),
            found.tarp.lower(level),
        ):
            assert abs(share - level) < 0.05


def test_too_narrow_a_posterior_is_found_and_covers_too_little() -> None:
    found = check(posterior(width=0.6))
    assert p_of(found, "a") < DETECTED
    assert p_of(found, "up") > ACCEPTED
    assert not found.uniform
    assert found.array_coverage("a", 0.9) < 0.75
    assert found.density is not None
    assert found.density.upper(0.9) < 0.8
    assert found.tarp.p_value < DETECTED


def test_a_biased_posterior_is_found_with_its_direction() -> None:
    found = check(posterior(shift=0.5))
    assert p_of(found, "a") < DETECTED
    assert p_of(found, "up") > ACCEPTED
    ranks = found.by_array["a"][0].ranks
    assert ranks.mean() < 0.4 * 39  # draws are too large, so the truth is low among them


def test_overconfident_choices_are_found() -> None:
    found = check(posterior(sure=True))
    assert p_of(found, "up") < DETECTED
    assert p_of(found, "a") > ACCEPTED


def test_wrong_dependence_is_invisible_to_marginals_but_not_to_the_rest() -> None:
    found = check(posterior(correlated=False))
    assert found.uniform
    assert found.density is not None
    assert found.density.p_value < DETECTED
    assert found.tarp.p_value < DETECTED


def test_a_sampler_that_ignores_evidence_is_found() -> None:
    """The prior: all its marginal ranks are uniform, too."""
    found = check(posterior(blind=True))
    assert found.uniform
    assert found.density is not None
    assert found.density.p_value < DETECTED
    assert found.tarp.p_value < ACCEPTED


def test_joint_c2st_tells_right_from_wrong() -> None:
    pytest.importorskip("sklearn")
    right, wrong = (
        calibrate(sums(), sampler, problems=600, draws=1).with_c2st(["forest"])
        for sampler in (posterior(), posterior(blind=True))
    )
    assert set(right.c2st) == {"forest"}
    for name in right.c2st:
        assert abs(right.c2st[name] - 0.5) < 0.08
        assert wrong.c2st[name] > 0.6


def test_equal_seeds_give_equal_figures() -> None:
    one, same, other = (check(posterior(), seed).to_json() for seed in (3, 3, 4))
    assert one == same
    assert one["quantities"] != other["quantities"]
    assert json.loads(json.dumps(one)) == one


def test_groups_of_problems_are_put_together(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("gsdmc.inference.diagnostics.calibrate.BUDGET", 39 * 5 * 64)
    seen: list[int] = []
    found = calibrate(sums(), posterior(), problems=200, draws=39, progress=seen.append)
    assert seen == [64, 128, 192, 200]
    assert all(t.count == 200 for t in found.quantities)
    assert found.p_value > ACCEPTED
    assert (found.truth[:, :2] != found.drawn[:, :2]).all()  # a and b
    assert (found.truth[:, 3:] == found.drawn[:, 3:]).all()  # x and y, which are given


def test_elements_count_where_they_were_unknown() -> None:
    """Queries that differ from problem to problem; the sampler gives the truth, so every rank is a tie."""
    problem = compile_text('(foreach 3 [i (range 3)] (sample "x" (normal 0 1)))', "xs.clj")
    shares: list[Tensor] = []

    def keep(values: Values, mask: Values, seed: int) -> dict[str, Tensor]:
        shares.append(mask["x"][::19].double().sum(0))
        return dict(values)

    found = calibrate(problem, keep, problems=400, draws=19)
    unknown = 400 - torch.stack(shares).sum(0)
    assert [t.count for t in found.quantities] == unknown.int().tolist()
    assert found.uniform


def test_vectors_and_categories_are_looked_at() -> None:
    problem = compile_text(
        """(let [w (sample "w" (dirichlet [1 2 3])) z (sample "z" (categorical w))]
             (sample "v" (multivariate-normal [0 0] [[1 0.5] [0.5 1]])))""",
        "kinds.clj",
    )
    draws = iter(range(1000))

    def prior(values: Values, mask: Values, seed: int) -> dict[str, Tensor]:
        return problem.simulate(len(values["z"]), next(draws))

    found = calibrate(problem, prior, problems=600, draws=19, givens=problem.syntax.givens, arrays=["z", "v"])
    assert [t.name for t in found.quantities] == ["z", "v[0]", "v[1]"]
    assert list(found.by_array) == ["z", "v"]
    assert "C2ST" not in str(found)


def test_words_say_what_was_found() -> None:
    text = str(check(posterior(width=0.6)))
    assert text.startswith("sums, with x and y given: 1500 problems, 39 draws each")
    assert "ranks of 3 quantities are not uniform" in text
    assert "pass for uniform" in str(check(posterior()))


def test_mistakes() -> None:
    with pytest.raises(GsdmcError, match="at least one problem and one draw, not 0 and 3"):
        calibrate(sums(), posterior(), problems=0, draws=3)
    with pytest.raises(GsdmcError, match='no array "c"'):
        calibrate(sums(), posterior(), arrays=["c"])
    with pytest.raises(GsdmcError, match="x, y: all of it is evidence with x and y given"):
        calibrate(sums(), posterior(), arrays=["x", "y"])
