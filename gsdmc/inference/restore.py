"""Restoration of samples: what the program computes is computed, and evidence stays."""

from __future__ import annotations

from collections.abc import Mapping

from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.diffusion.process import across


def restore(problem: Problem, values: Mapping[str, Tensor], mask: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Recompute `dirac` nodes from their parents, generated ones and evidence excepted.

    Args:
        problem: the program at the size of the values.
        values: joint values, `[B, *value_shape]` per array.
        mask: per array `[B, *shape]` or `[1, *shape]` booleans, true where the value is evidence, a vector
            as a whole.
    """
    keep = {name: across(seen, values[name]) for name, seen in mask.items()}
    return problem.restore(values, keep)
