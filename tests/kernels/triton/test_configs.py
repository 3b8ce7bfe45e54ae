from __future__ import annotations

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from gsdmc.kernels.triton import configs
from gsdmc.kernels.triton.configs import power_of_two, rows_config, tile_config, tile_pays
from tests.kernels.structures import make


@given(st.integers(1, 2**40))
def test_power_of_two(x: int) -> None:
    power = power_of_two(x)
    assert x <= power < 2 * x
    assert power.bit_count() == 1


@given(st.integers(1, 600), st.integers(0, 2**30), st.sampled_from([1024, 2048]))
def test_tiles_of_rows_hold_so_many_numbers(head_dim: int, rows: int, elements: int) -> None:
    shape = rows_config(head_dim, rows, elements)
    assert shape.width >= head_dim
    assert shape.rows * shape.lanes * shape.width in (elements, shape.lanes * shape.width)
    assert (shape.lanes == 1) == (rows * shape.width >= configs.ENOUGH)


@given(st.integers(1, 128), st.integers(1, 128), st.sampled_from([16, 32]))
def test_tiles_of_graphs_suit_tensor_cores(head_dim: int, nodes: int, queries: int) -> None:
    shape = tile_config(head_dim, nodes, queries)
    assert shape.columns >= nodes
    assert shape.width >= head_dim
    assert min(shape.rows, shape.columns, shape.width) >= 16
    assert shape.columns % shape.rows == 0


@pytest.mark.parametrize(
    ("shape", "nodes", "width", "dtype", "expected"),
    [
        ("full", 128, 64, torch.bfloat16, True),
        ("full", 64, 128, torch.bfloat16, True),
        ("full", 65, 128, torch.bfloat16, False),
        ("full", 129, 16, torch.bfloat16, False),
        ("full", 128, 129, torch.bfloat16, False),
        ("full", 128, 16, torch.float32, False),
        ("chain", 128, 16, torch.float16, False),
        ("chain", 64, 16, torch.float16, True),
    ],
)
def test_where_tiles_pay(shape: str, nodes: int, width: int, dtype: torch.dtype, expected: bool) -> None:
    assert tile_pays(dtype, nodes, make(shape, nodes).entries, width) == expected
