"""Sizes that evidence implies, and evidence brought to the shapes of a program's arrays."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from gsdmc.compiler.problem import Problem
from gsdmc.graph.factor_graph import Array, Plate
from gsdmc.inference.evidence.cells import Cells
from gsdmc.language.kinds import Kind
from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Literal

Shape = tuple[int, ...]

CHANNEL = "channel"
"""The name of a vector's own dimension, which comes after those of its plates."""


def fit_sizes(problem: Problem, cells: Mapping[str, Cells], pinned: Collection[str] = ()) -> Problem:
    """The problem at the sizes that evidence of known arrays implies.

    Args:
        problem: the program at its present sizes.
        cells: evidence by array name.
        pinned: sizes that the caller set, which evidence must agree with.

    Raises:
        GsdmcError: sizes that contradict one another, or that the program can't take.
    """
    stated: dict[str, tuple[int, Array]] = {}
    wanted: dict[str, tuple[int, Array, Plate]] = {}
    settable = {d.name for d in problem.syntax.defs if isinstance(d.value, Literal)}
    for name, own in cells.items():
        array = problem.graph.by_name[name]
        shape = as_many(own.shape, array.shape)
        if shape is None:  # merged dimensions say nothing for certain; `fit_shape` judges them
            continue
        for plate_name, size in zip(array.plates, shape, strict=True):
            plate = problem.graph.plate_by_name[plate_name]
            known, by = stated.setdefault(plate_name, (size, array))
            if known != size:
                raise _conflict(f"the plate {plate_name}", known, by, size, array, cells)
            size_name = plate.size_name
            if size == plate.size and size_name is None:
                continue
            if size_name is None or size_name not in settable or plate.cls == "fixed":
                if size != plate.size:
                    raise _immovable(own.values.shape, array, plate, size)
                continue
            if size_name in pinned and size != plate.size:
                raise GsdmcError(
                    f'evidence "{name}" has size {size} along {plate_name}, but {size_name} = {plate.size}',
                    hint=f"leave out {size_name}, or give it the value {size}",
                )
            other = wanted.setdefault(size_name, (size, array, plate))
            if other[0] != size:
                raise _conflict(size_name, other[0], other[1], size, array, cells)
    changed = {name: size for name, (size, _, plate) in wanted.items() if size != plate.size}
    if any(size < 1 for size in changed.values()):
        name, (_, array, _) = next((n, w) for n, w in wanted.items() if w[0] < 1)
        raise GsdmcError(f'evidence "{array.name}" is empty, so {name} would be 0')
    return problem.resized(**changed) if changed else problem


def fit_shape(array: Array, cells: Cells) -> Cells:
    """Evidence in an array's shape, vectors with all their channels.

    Adjacent dimensions may be merged, as in a 9×9 grid for a 3×3×3×3 array, and dimensions of one
    entry may come and go: the entries are the same in row-major order.

    Raises:
        GsdmcError: any other shape, with the one expected.
    """
    if not merges(array.shape, cells.shape) or cells.event_shape != array.kind.event_shape:
        raise wrong_shape(array, cells.values.shape, "give each dimension its plate's size, in this order")
    return cells.reshaped(array.shape)


def merges(fine: Shape, coarse: Shape) -> bool:
    """Whether merging adjacent dimensions of `fine` gives `coarse`, dimensions of 1 left aside."""
    fine, coarse = _without_ones(fine), _without_ones(coarse)
    if fine == coarse:  # also where a dimension is empty, of which the products below say nothing
        return True
    place = 0
    for size in coarse:
        product = 1
        while product < size and place < len(fine):
            product *= fine[place]
            place += 1
        if product != size:
            return False
    return place == len(fine)


def as_many(shape: Shape, like: Shape) -> Shape | None:
    """The shape with as many dimensions as `like`, dropping dimensions of 1; None where that fails."""
    if _without_ones(shape) == _without_ones(like):
        return like
    spare = len(shape) - len(like)
    if spare < 0 or shape.count(1) < spare:
        return None
    dims = list(shape)
    for _ in range(spare):
        dims.remove(1)
    return tuple(dims)


def wrong_shape(array: Array, got: Shape, hint: str) -> GsdmcError:
    """The error that names the array, the shape expected, with its plates, and the shape that came."""
    shape = (*array.shape, *array.kind.event_shape)
    expected = ", ".join(f"{p}={n}" for p, n in zip(_dims(array), shape, strict=True))
    plated = f" ({expected})" if expected else " (a single variable)"
    return GsdmcError(
        f'evidence "{array.name}" has shape {_show(got)}; expected {_show(shape)}{plated}', hint=hint
    )


def _immovable(got: Shape, array: Array, plate: Plate, size: int) -> GsdmcError:
    if plate.cls == "fixed":
        return wrong_shape(array, got, f"{plate.name} keeps its size of {plate.size}: {plate.reason}")
    if plate.size_name is not None:
        hint = f"{plate.size_name} is computed from other sizes: set those that make it {size}"
    else:
        hint = f"no single def sets the size of {plate.name}: set the sizes that make it {size}"
    return wrong_shape(array, got, hint)


def _conflict(
    what: str, known: int, by: Array, size: int, array: Array, cells: Mapping[str, Cells]
) -> GsdmcError:
    shapes = [f'"{a.name}" {_show(cells[a.name].values.shape)}' for a in dict.fromkeys((by, array))]
    return GsdmcError(
        f"evidence disagrees about {what}: {known} or {size}? It has {' and '.join(shapes)}",
        hint="; ".join(f"{a.name} spans ({', '.join(_dims(a))})" for a in dict.fromkeys((by, array))),
    )


def _dims(array: Array) -> tuple[str, ...]:
    return (*array.plates, *(CHANNEL for _ in array.kind.event_shape))


def _without_ones(shape: Shape) -> Shape:
    return tuple(n for n in shape if n != 1)


def _show(shape: Shape) -> str:
    return "×".join(map(str, shape)) if shape else "()"


def check_free(trained: Problem, other: Problem) -> None:
    """Refuse a size of the program at which the weights that were trained at another can't run.

    Raises:
        GsdmcError: a fixed plate has another size, or an array another kind.
    """
    if other is trained:
        return
    for plate in other.graph.plates:
        own = trained.graph.plate_by_name.get(plate.name)
        if own is None or (plate.size != own.size and "fixed" in (plate.cls, own.cls)):
            fixed = own if own and own.cls == "fixed" else plate
            was = f"at {own.size}" if own else "without it"
            raise GsdmcError(
                f"plate {plate.name} can't have size {plate.size}: it is {fixed.cls}, and trained {was}",
                hint=f"{fixed.reason}; train another network for this size",
            )
    for array in other.graph.arrays:
        own_array = trained.graph.by_name.get(array.name)
        kind = own_array.kind if own_array else None
        if kind is None or _weights(array.kind) != _weights(kind):
            was = f"with a {kind}" if kind else "without it"
            raise GsdmcError(
                f'at this size "{array.name}" is a {array.kind}, but the network was trained {was}',
                hint="train another network for this size",
            )


def _weights(kind: Kind) -> tuple[str, int, int]:
    """What of a kind the shapes of weights depend on."""
    return kind.name, kind.options, kind.size
