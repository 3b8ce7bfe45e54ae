"""The networks that ablations compare, by what is compiled differently.

What the paper's figures leave open is from the commands in the authors' repository (plai-group/gsdm, README):
without structure a network has independent embeddings, since no mask tells it which variables belong
together.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import gsdmc
from gsdmc.compiler import Problem

HERE = Path(__file__).parent
FIGURE_9 = HERE.parents[1] / "tests" / "programs" / "figure9"
"""Sorting with other factors over s; tests hold their masks to formulas."""


@dataclass(frozen=True)
class Variant:
    """A row of an ablation.

    Attributes:
        name: its label.
        options: of the compiler.
        program: in place of the bundled one.
    """

    name: str
    options: Mapping[str, Any] = field(default_factory=dict)
    program: Path | None = None

    def compile(self, bundled: str, **overrides: Any) -> Problem:
        """The problem, under the bundled program's name, which presets go by."""
        problem = gsdmc.compile(self.program or bundled, **self.options, **overrides)
        problem.name = bundled
        return problem


INDEPENDENT = {"embedding": "independent"}
DENSE = {"mask": "dense", **INDEPENDENT}

STRUCTURED = Variant("structure, intermediates")
EMBEDDINGS = (
    Variant("EE"),
    Variant("AE", {"embedding": "array"}),
    Variant("IE", INDEPENDENT),
)
NO_INTERMEDIATES = Variant("structure, no intermediates", {"intermediates": False})
NEITHER = Variant("dense, no intermediates", {"intermediates": False, **DENSE})
NO_STRUCTURE = Variant("dense, intermediates", DENSE)
UNSTRUCTURED = Variant("dense", DENSE)

OUTPUT_ONLY = HERE / "programs" / "circuit_output.clj"
CIRCUITS = (
    STRUCTURED,
    NO_STRUCTURE,
    Variant(NO_INTERMEDIATES.name, program=OUTPUT_ONLY),
    Variant(NEITHER.name, DENSE, OUTPUT_ONLY),
)

GRAPHS = (
    Variant("neighbours in s", program=FIGURE_9 / "neighbours.clj"),
    Variant("s fully connected", program=FIGURE_9 / "connected.clj"),
    # Nothing of this graph orders i, but the network has to be told the rows of P apart.
    Variant("s unconstrained", {"embedding": {"i": "array"}}, FIGURE_9 / "unconstrained.clj"),
    Variant("random, 20 neighbours", {"mask": "random:20"}),
)
NOT_SYMMETRISED = Variant("not symmetrised", {"symmetrise": False})


def with_arrays(variant: Variant) -> Variant:
    """The same graph with array embeddings."""
    return Variant(variant.name, {**variant.options, "embedding": "array"}, variant.program)
