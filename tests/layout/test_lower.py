"""Lowering: embedding keys, positions, and that both outlast a change of size."""

from __future__ import annotations

import pytest
import torch

from gsdmc.compiler import compile_problem, compile_text
from gsdmc.language import GsdmcError
from gsdmc.layout.lower import bell, partitions

GRAM = """
(def n 4) (def d 3)
(let [X (foreach n [i (range n)] (foreach d [k (range d)] (sample "X" (normal 0 1))))]
  (foreach n [i (range n)]
    (foreach n [j (range n)]
      (sample "G" (dirac (sum (foreach d [k (range d)] (* (get-in X [i k]) (get-in X [j k])))))))))
"""

KEYS = {
    "bcmf": ["A", "R", "C", "E"],
    "hbmf": ["A", "R1", "R2", "D", "R", "C", "E"],
    "inversion": ["A", "R", "C", "E"],
    "sorting": ["u", "P", "C", "s"],
    "sudoku": ["cell"],
    "boolean": [f"x[{i}]" for i in range(16)] + [f"y[{g}]" for g in range(15)],
}


@pytest.mark.parametrize("name", KEYS)
def test_keys_of_bundled_programs(name: str) -> None:
    layout = compile_problem(name).layout
    assert list(layout.embedding_keys) == KEYS[name]
    assert layout.embedding.shape == (layout.nodes,)
    for slot in layout.arrays:
        rows = layout.embedding[slot.offset : slot.offset + slot.size]
        assert {layout.embedding_keys[r].split("[")[0] for r in rows} == {slot.name}
        assert slot.name != "y" or rows.unique().numel() == 15


def test_positions_run_along_ordered_plates() -> None:
    layout = compile_problem("sorting", n=5).layout
    assert layout.position_plates == ("i",)
    positions = {a.name: layout.positions[a.offset : a.offset + a.size, 0] for a in layout.arrays}
    assert positions["s"].tolist() == [0, 1, 2, 3, 4]
    assert positions["u"].tolist() == [-1] * 5
    assert torch.equal(positions["P"], torch.arange(5).repeat_interleave(5))
    assert compile_problem("bcmf").layout.positions.shape == (130, 0)


@pytest.mark.parametrize(
    ("name", "sizes"),
    [("bcmf", {"m": 1, "n": 7, "k": 2}), ("sorting", {"n": 2}), ("sudoku", {"n": 2}), ("bcmf", {"k": 0})],
)
def test_keys_do_not_depend_on_sizes(name: str, sizes: dict[str, int]) -> None:
    problem = compile_problem(name)
    one, other = problem.layout, problem.resized(**sizes).layout
    assert one.embedding_keys == other.embedding_keys
    assert one.position_plates == other.position_plates
    assert one.roles == other.roles


def test_a_plate_spanned_twice_has_a_diagonal_of_its_own() -> None:
    problem = compile_text(GRAM, "gram.clj")
    layout = problem.layout
    assert layout.embedding_keys == ("X", "G=00", "G=01")
    gram = layout.arrays[1]
    rows = layout.embedding[gram.offset : gram.offset + gram.size].reshape(4, 4)
    assert torch.equal(rows == 1, torch.eye(4, dtype=torch.bool))
    assert problem.resized(n=1).layout.embedding_keys == layout.embedding_keys


def test_partitions_count_the_ways_to_coincide() -> None:
    assert [len(partitions(k)) for k in range(1, 5)] == [1, 2, 5, 15]
    assert [bell(k) for k in range(1, 7)] == [len(partitions(k)) for k in range(1, 7)]
    assert all(found == sorted(found) for found in map(partitions, range(1, 7)))
    assert partitions(2) == [(0, 0), (0, 1)]


def test_slots_follow_the_arrays() -> None:
    problem = compile_problem("sorting", n=3)
    slots = [(s.name, s.offset, s.size, s.deterministic, s.generated) for s in problem.layout.arrays]
    arrays = [(a.name, a.offset, a.size, a.deterministic, a.generated) for a in problem.graph.arrays]
    assert slots == arrays
    assert problem.layout.nodes == problem.graph.nodes
    assert problem.layout.roles[0] == "self"


def spanning(times: int, size: int) -> str:
    """An array that spans one plate so many times: its indices all look into the same vector."""
    heads = "".join(f"(foreach n [i{k} (range n)] " for k in range(times))
    looked = " ".join(f"(get x i{k})" for k in range(times))
    return (
        f'(def n {size}) (let [x (foreach n [] (sample "x" (normal 0 1)))]'
        f' {heads}(sample "y" (normal (+ {looked}) 1)){")" * times})'
    )


@pytest.mark.parametrize(("times", "size"), [(3, 4), (7, 2), (10, 1)])
def test_elements_share_a_row_when_their_indices_coincide_alike(times: int, size: int) -> None:
    layout = compile_text(spanning(times, size), "span.clj").layout
    assert len(layout.embedding_keys) == 1 + bell(times)
    for number, row in enumerate(layout.embedding[size:].tolist()):
        index = [number // size**k % size for k in reversed(range(times))]
        pattern = "".join(str(index.index(i)) for i in index)
        assert layout.embedding_keys[row] == f"y={pattern}"


@pytest.mark.parametrize(("times", "size"), [(12, 2), (24, 1)])
def test_an_array_that_takes_endless_embeddings_is_refused(times: int, size: int) -> None:
    problem = compile_text(spanning(times, size), "span.clj")
    with pytest.raises(GsdmcError, match=f"`y` spans the plate .* {times} times") as caught:
        _ = problem.layout
    assert caught.value.hint
