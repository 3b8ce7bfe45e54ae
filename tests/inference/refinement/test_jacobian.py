from __future__ import annotations

import numpy as np
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.sparse import csr_array
from torch import Tensor

from gsdmc.inference.refinement.jacobian import Jacobian, colouring


@st.composite
def patterns(draw: st.DrawFn) -> np.ndarray:
    m, n = draw(st.integers(1, 6)), draw(st.integers(1, 6))
    cells = draw(st.lists(st.booleans(), min_size=m * n, max_size=m * n))
    return np.array(cells).reshape(m, n)


@given(patterns(), st.integers(1, 3))
def test_entries_are_those_of_the_dense_jacobian(pattern: np.ndarray, most: int) -> None:
    weights = torch.from_numpy(np.where(pattern, np.arange(1, pattern.size + 1).reshape(pattern.shape), 0.0))

    def function(x: Tensor, repeats: int) -> Tensor:
        return (weights * x.square()[:, None]).sum(-1)

    jacobian = Jacobian.of(csr_array(pattern))
    x = torch.linspace(1, 2, 2 * pattern.shape[1], dtype=torch.float64).reshape(2, -1)
    entries = jacobian.entries(function, x, most)
    dense = torch.zeros(2, *pattern.shape, dtype=torch.float64)
    dense[:, jacobian.rows, jacobian.columns] = entries
    torch.testing.assert_close(dense, 2 * weights * x[:, None])
    y = torch.ones(2, pattern.shape[0], dtype=torch.float64)
    torch.testing.assert_close(jacobian.times(entries, x), (dense @ x[..., None])[..., 0])
    torch.testing.assert_close(jacobian.transposed_times(entries, y), (dense.mT @ y[..., None])[..., 0])


def test_colours_are_few_where_lines_do_not_meet() -> None:
    blocks = np.kron(np.eye(50, dtype=bool), np.ones((4, 3), dtype=bool))
    assert Jacobian.of(csr_array(blocks)).directions == 3
    one_row = Jacobian.of(csr_array(np.ones((1, 1000), dtype=bool)))
    assert (one_row.by_columns, one_row.directions) == (False, 1)
    one_column = Jacobian.of(csr_array(np.ones((1000, 1), dtype=bool)))
    assert (one_column.by_columns, one_column.directions) == (True, 1)


def test_lines_of_a_colour_never_meet() -> None:
    pattern = np.random.default_rng(0).random((30, 40)) < 0.15
    rows, columns = pattern.nonzero()
    colours = colouring(rows, columns, 30, 40)
    for row in pattern:
        own = colours[row]
        assert len(own) == len(set(own.tolist()))


def test_what_depends_on_nothing_has_no_derivative() -> None:
    def constant(x: Tensor, repeats: int) -> Tensor:
        return torch.ones(len(x), 2, dtype=x.dtype)

    for shape in ((2, 1), (2, 3)):
        jacobian = Jacobian.of(csr_array(np.ones(shape, dtype=bool)))
        x = torch.ones(4, shape[1], dtype=torch.float64)
        assert not jacobian.entries(constant, x, 8).any()
