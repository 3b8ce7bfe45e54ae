"""What calibration found, in figures and in words."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.inference.diagnostics.c2st import CLASSIFIERS, Classifier, c2st
from gsdmc.inference.diagnostics.ranks import LEVELS, RankTest, bonferroni

SHOWN = (0.5, 0.8, 0.9, 0.95)
"""Levels of coverage that are put into words."""

ALPHA = 0.01
"""Ranks count as uniform where their p-value, corrected for the number of tests, is above this."""


@dataclass(frozen=True, eq=False)
class Calibration:
    """Ranks of the truth among posterior draws, over `problems` simulated problems.

    Attributes:
        program: its name.
        sizes: its sizes.
        query: what of each problem was evidence, in words.
        problems: N, the problems.
        draws: L, the posterior draws for each.
        seed: of everything.
        quantities: ranks of every element that was unknown in some problem.
        owners: the array of each of these.
        density: ranks of the program's log density; None where the program has none.
        tarp: ranks of the distance from random points.
        truth: `[N, D]`, the true values of all elements looked at.
        drawn: `[N, D]`, one posterior draw each.
        c2st: accuracies of classifiers between joint values with true and with drawn unknowns, if asked for.
    """

    program: str
    sizes: dict[str, int]
    query: str
    problems: int
    draws: int
    seed: int
    quantities: tuple[RankTest, ...]
    owners: tuple[str, ...]
    density: RankTest | None
    tarp: RankTest
    truth: NDArray[np.float64] = field(repr=False)
    drawn: NDArray[np.float64] = field(repr=False)
    c2st: dict[str, float] = field(default_factory=dict)

    @cached_property
    def by_array(self) -> dict[str, list[RankTest]]:
        """The quantities of each array."""
        found: dict[str, list[RankTest]] = {}
        for owner, test in zip(self.owners, self.quantities, strict=True):
            found.setdefault(owner, []).append(test)
        return found

    @property
    def p_value(self) -> float:
        """The χ² test of all quantities' ranks, with Bonferroni's correction for their number."""
        return bonferroni(list(self.quantities))

    @property
    def uniform(self) -> bool:
        """Whether the ranks of the quantities pass for uniform, at 1 %."""
        return self.p_value > ALPHA

    def array_coverage(self, name: str, level: float) -> float:
        """Coverage of central intervals, pooled over the elements of an array."""
        tests = self.by_array[name]
        total = sum(t.count for t in tests)
        return sum(t.coverage(level) * t.count for t in tests) / total

    def with_c2st(self, classifiers: Sequence[Classifier] = CLASSIFIERS, *, seed: int = 1) -> Calibration:
        """The same with C2ST between joint values: true ones of half the problems, the others' with draws.

        The joint distributions are equal where every posterior is right, up to what the evidence is worth
        in a classifier's eyes: it sees many posteriors at once, and each but once.

        Raises:
            GsdmcError: scikit-learn is missing, or there are too few problems.
        """
        half = self.problems // 2
        pair = self.truth[:half], self.drawn[half : 2 * half]
        accuracy: dict[str, float] = {name: c2st(*pair, name, seed=seed) for name in classifiers}
        return replace(self, c2st=accuracy)

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and numbers; not the values themselves."""
        arrays = {
            name: {
                "p": bonferroni(tests),
                "coverage": [self.array_coverage(name, level) for level in LEVELS],
            }
            for name, tests in self.by_array.items()
        }
        density = None
        if self.density is not None:
            curve = [self.density.upper(level) for level in LEVELS]
            density = {**self.density.to_json(), "coverage": curve}
        return {
            "program": self.program,
            "sizes": self.sizes,
            "query": self.query,
            "problems": self.problems,
            "draws": self.draws,
            "seed": self.seed,
            "p": self.p_value,
            "uniform": self.uniform,
            "levels": LEVELS.tolist(),
            "arrays": arrays,
            "quantities": [test.to_json() for test in self.quantities],
            "density": density,
            "tarp": {**self.tarp.to_json(), "coverage": [self.tarp.lower(level) for level in LEVELS]},
            "c2st": self.c2st,
        }

    def __str__(self) -> str:
        head = f"{self.program}, {self.query}: {self.problems} problems, {self.draws} draws each"
        covered = ", ".join(f"{level:.0%}" for level in SHOWN)
        lines = [head, f"coverage is of intervals that should hold {covered} of the truth"]
        for name, tests in self.by_array.items():
            lines.append(self._line(name, bonferroni(tests), [self.array_coverage(name, at) for at in SHOWN]))
        if self.density is not None:
            test = self.density
            lines.append(self._line("highest density", test.p_value, [test.upper(at) for at in SHOWN]))
        lines.append(self._line("TARP", self.tarp.p_value, [self.tarp.lower(at) for at in SHOWN]))
        verdict = "pass for uniform" if self.uniform else "are not uniform"
        lines.append(
            f"ranks of {len(self.quantities)} quantities {verdict}: p = {self.p_value:.3g} (Bonferroni)"
        )
        lines += [f"C2ST of joint values ({name}): {accuracy:.3f}" for name, accuracy in self.c2st.items()]
        return "\n".join(lines)

    @staticmethod
    def _line(name: str, p_value: float, coverage: list[float]) -> str:
        return f"{name}: p = {p_value:.3g}, covers {', '.join(f'{c:.1%}' for c in coverage)}"
