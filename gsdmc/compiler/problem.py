"""A compiled problem: a program with its sizes, its graph, its layout, and its readings."""

from __future__ import annotations

import copy
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from operator import index
from typing import Any, SupportsIndex

import numpy as np
import torch
from numpy.typing import NDArray
from scipy.sparse import csr_array
from torch import Tensor

from gsdmc.compiler.joint_values import Values, joint_values
from gsdmc.compiler.options import CompileOptions
from gsdmc.compiler.simulator import Kept, Simulator, simulated
from gsdmc.compiler.warnings import warnings
from gsdmc.graph.chosen_mask import chosen_edges
from gsdmc.graph.directed import directed_metrics
from gsdmc.graph.edges import EdgeTable
from gsdmc.graph.edges import mask as mask_of
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.forced import force_classes
from gsdmc.graph.metrics import GraphMetrics, graph_metrics
from gsdmc.graph.symmetry_check import orbit_representatives
from gsdmc.graph.trace import trace
from gsdmc.language.limits import on_deep_stack
from gsdmc.language.scope import did_you_mean
from gsdmc.language.source import GsdmcError, GsdmcWarning
from gsdmc.language.syntax import Given, Syntax
from gsdmc.layout.layout import Layout
from gsdmc.layout.lower import lower
from gsdmc.program import readings
from gsdmc.program import score as scores
from gsdmc.program.evaluator import evaluate
from gsdmc.program.interpreter import Interpreter
from gsdmc.program.readings import Residuals
from gsdmc.program.tape import Tape

Overrides = Mapping[str, Any]


@dataclass(eq=False)
class Problem:
    """A program compiled at given sizes.

    `overrides` are the values that stand in place of its `def`s, `frozen` what `def`s drew with their
    seed at these sizes, where that is known already, `options` what else was chosen; `name` is the
    program's short name. Where there is a `simulator`, the program is structure alone: joint samples are the
    simulator's, or those that were kept of it.
    """

    name: str
    syntax: Syntax
    overrides: dict[str, Any] = field(default_factory=dict)
    frozen: dict[str, NDArray[Any]] = field(default_factory=dict)
    options: CompileOptions = field(default_factory=CompileOptions)
    _siblings: dict[tuple[tuple[str, Any], ...], Problem] = field(default_factory=dict, repr=False)
    simulator: Simulator | Kept | None = None

    def __post_init__(self) -> None:
        check_overrides(self.syntax, self.overrides)

    def __repr__(self) -> str:
        sizes = ", ".join(f"{k}={v}" for k, v in self.sizes.items())
        return f"<gsdmc problem {self.name}({sizes}): {self.graph.nodes} nodes, {self.mask.nnz} entries>"

    def _repr_html_(self) -> str:
        from gsdmc.compiler.notebook import problem_html

        return problem_html(self)

    @cached_property
    def tape(self) -> Tape:
        """The program's instructions."""
        return on_deep_stack(
            self.options.limits.nesting,
            lambda: evaluate(
                self.syntax,
                self.overrides,
                frozen=self.frozen,
                intermediates=self.options.intermediates,
                keep=[name for given in self.givens for name in (*given.targets, *given.subset)],
                limits=self.options.limits,
            ),
        )

    @cached_property
    def interpreter(self) -> Interpreter:
        """The tape, ready to run."""
        return Interpreter(self.tape)

    @cached_property
    def derived(self) -> FactorGraph:
        """The factor graph with the plate classes that the program gives, whatever is forced."""
        return trace(self.tape, self.options.limits)

    @cached_property
    def graph(self) -> FactorGraph:
        """The factor graph."""
        return force_classes(self.derived, self.tape, dict(self.options.embedding))

    @cached_property
    def edges(self) -> EdgeTable:
        """Every mask entry with its roles."""
        options = self.options
        return chosen_edges(self.graph, options.mask, symmetrise=options.symmetrise, limits=options.limits)

    @cached_property
    def mask(self) -> csr_array[np.bool_]:
        """Who attends to whom, N×N with a full diagonal; symmetric, unless options say otherwise."""
        return mask_of(self.graph, self.edges)

    @cached_property
    def metrics(self) -> GraphMetrics:
        """Figures of the mask."""
        if self.options.symmetric:
            return graph_metrics(self.derived, self.mask)
        has_symmetries = self.options.mask.kind == "program"
        return directed_metrics(self.mask, orbit_representatives(self.derived) if has_symmetries else None)

    @cached_property
    def layout(self) -> Layout:
        """What a network needs of the graph; without its diameter, see `metrics`.

        Raises:
            GsdmcError: the program has no variables at these sizes.
        """
        if not self.graph.nodes:
            sizes = ", ".join(f"{k}={v}" for k, v in self.sizes.items())
            raise GsdmcError(
                "the program samples no variables at these sizes, so there is nothing to build a network for",
                hint=f"set a size above 0; the sizes are {sizes}",
            )
        return lower(self.graph, self.edges, symmetric=self.options.symmetric)

    @property
    def warnings(self) -> tuple[GsdmcWarning, ...]:
        """What is likely to go wrong; those about a network's depth come with `train` and `compile`."""
        return warnings(self)

    @cached_property
    def nodes(self) -> list[tuple[str, tuple[int, ...]]]:
        """Array name and index of each row of the mask."""
        return list(self.graph.names())

    @property
    def source(self) -> str:
        """The program's text."""
        return self.syntax.source.text

    @property
    def givens(self) -> tuple[Given, ...]:
        """The queries that training draws from; none means every subset of the variables."""
        chosen = self.options.givens
        return self.syntax.givens if chosen is None else chosen

    @property
    def sizes(self) -> dict[str, int]:
        """Whole-number `def`s and their values."""
        return dict(self.tape.sizes)

    @property
    def ranges(self) -> dict[str, tuple[int, int]]:
        """Training ranges of the sizes that have one."""
        return {d.name: d.range for d in self.syntax.defs if d.range is not None}

    @property
    def evidence(self) -> dict[str, tuple[NDArray[Any], NDArray[np.bool_]]]:
        """Default evidence of observed arrays: values and where they are given."""
        return readings.default_evidence(self.tape)

    def simulate(self, batch: int, seed: int, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Draw joint samples, `[batch, *shape]` per array; equal seeds give equal samples.

        Reals come in `dtype`, booleans as bool, categories and counts as int64. Vectors of K reals have their
        elements in a last dimension, `[batch, *shape, K]`, here and wherever values go in or come out.

        Raises:
            GsdmcError: the program has no value for some of its draws, or its simulator fails.
        """
        if self.simulator is not None:
            return simulated(self, self.simulator, batch, seed, dtype)
        return readings.run(self.interpreter, batch, seed, dtype)

    def typical(self, batch: int, seed: int, dtype: torch.dtype = torch.float32) -> dict[str, Tensor]:
        """Joint values as `simulate` draws them, good for yardsticks alone.

        Of simulations that were kept they may be such as training has seen, and repeat; at other sizes than
        these have, they are the program's own.
        """
        if not isinstance(self.simulator, Kept):
            return self.simulate(batch, seed, dtype)
        if self.simulator.sizes == self.sizes:
            return self.simulator.sample(self, batch, seed, dtype)
        return readings.run(self.interpreter, batch, seed, dtype)

    def with_simulator(self, simulator: Simulator | Kept | None) -> Problem:
        """The same problem with joint samples from elsewhere, or with its own."""
        found = copy.copy(self)  # with all that is computed of its graph
        found.simulator, found._siblings = simulator, {}
        return found

    def verify(self, values: Values, dtype: torch.dtype = torch.float32) -> Residuals:
        """Residuals of every `dirac` and truth of every factor for joint values, `[batch, *shape]` each.

        Raises:
            GsdmcError: an array is missing, unknown, or has another shape.
        """
        return readings.verify(self.interpreter, joint_values(self.graph, values), dtype)

    def score(self, values: Values, dtype: torch.dtype = torch.float64) -> Tensor:
        """The log density of joint values, `[batch]`, differentiable in the reals among them.

        `dirac` variables and factors add nothing; outside the support it is -inf.

        Args:
            values: `[batch, *shape]` per array. Arrays that the program observes or computes (`dirac`) may
                be left out: its own values stand in for them.
            dtype: in which to compute.

        Raises:
            GsdmcError: an array is missing, unknown, has another shape, or numbers that its kind can't take.
        """
        return scores.score(self.interpreter, joint_values(self.graph, values, partial=True), dtype)

    def restore(
        self,
        values: Values,
        keep: Mapping[str, Tensor] | None = None,
        dtype: torch.dtype = torch.float32,
    ) -> dict[str, Tensor]:
        """Recompute `dirac` nodes from their parents, generated ones and those in `keep` excepted.

        Raises:
            GsdmcError: an array is missing, unknown, or has another shape.
        """
        return readings.restore(self.interpreter, joint_values(self.graph, values), keep, dtype)

    def resized(self, **sizes: int) -> Problem:
        """The same program at other sizes, compiled once per size. What its `def`s drew is drawn anew.

        Raises:
            GsdmcError: an unknown size, or one that is no whole number.
        """
        check_overrides(self.syntax, sizes)
        sizes = {name: whole_number(name, size) for name, size in sizes.items()}
        if all(self.sizes.get(k) == v for k, v in sizes.items()):
            return self
        merged = {**self.overrides, **sizes}
        key = tuple(sorted((k, v) for k, v in merged.items() if np.ndim(v) == 0))
        if key not in self._siblings:
            self._siblings[key] = Problem(
                self.name, self.syntax, merged, {}, self.options, self._siblings, self.simulator
            )
        return self._siblings[key]


def whole_number(name: str, size: SupportsIndex) -> int:
    """A size as a Python integer.

    Raises:
        GsdmcError: it is none.
    """
    try:
        return index(size)
    except TypeError:
        raise GsdmcError(f"the size `{name}` must be a whole number, not {size!r}") from None


def check_overrides(syntax: Syntax, overrides: Overrides) -> None:
    """Refuse a value for something that the program doesn't define.

    Raises:
        GsdmcError: with the nearest name.
    """
    known = [d.name for d in syntax.defs]
    for name in overrides:
        if name not in known:
            listed = f"it defines {', '.join(known)}" if known else "it has no defs"
            near = did_you_mean(name, dict.fromkeys(known))
            raise GsdmcError(f"{syntax.source.name} has no def `{name}` to set", hint=near or listed)
