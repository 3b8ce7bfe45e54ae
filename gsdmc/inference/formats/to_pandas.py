"""Samples of one-dimensional plates as pandas frames."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.inference.formats.optional import optional
from gsdmc.language.source import GsdmcError

if TYPE_CHECKING:
    import pandas

    from gsdmc.inference.samples import Samples


def to_frame(samples: Samples, plate: str | None = None) -> pandas.DataFrame:
    """Samples of all arrays that span one plate and no other, as columns of a frame.

    Args:
        samples: the samples.
        plate: its name; None for the variables that are in no plate.

    Returns:
        A row per sample and element of the plate, both in the index, that of the plate by the evidence's
        labels where it had some. A vector has a column per number: `v[0]`, `v[1]`.

    Raises:
        GsdmcError: no array spans that plate alone, or pandas isn't installed.
    """
    pd = optional("pandas", "xarray")
    graph = samples.problem.graph
    wanted = () if plate is None else (plate,)
    names = [a.name for a in graph.arrays if a.plates == wanted]
    if not names:
        single = sorted({a.plates[0] for a in graph.arrays if len(a.plates) == 1})
        what = "every array spans a plate" if plate is None else f"no array spans the plate {plate} alone"
        listed = " or ".join(f'to_pandas("{name}")' for name in single)
        raise GsdmcError(f"{what}, so that there is no frame", hint=listed or "to_xarray() has all arrays")
    index = (*samples.leading, *wanted)
    shape = samples[names[0]].shape[: len(index)]
    levels = [_labels(samples, d, n) for d, n in zip(samples.dims[names[0]], shape, strict=False)]
    columns: dict[str, NDArray[Any]] = {}
    for name in names:
        rows = samples[name].reshape(math.prod(shape), -1)  # [rows, channels]
        single_number = not graph.by_name[name].kind.event_shape
        for channel in range(rows.shape[1]):
            columns[name if single_number else f"{name}[{channel}]"] = rows[:, channel]
    made = (
        pd.Index(levels[0], name=index[0])
        if len(index) == 1
        else pd.MultiIndex.from_product(levels, names=list(index))
    )
    found: pandas.DataFrame = pd.DataFrame(columns, index=made)
    return found


def _labels(samples: Samples, dimension: str, size: int) -> NDArray[Any]:
    own = samples.labels.get(dimension)
    return np.arange(size) if own is None or len(own) != size else own
