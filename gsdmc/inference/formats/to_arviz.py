"""Samples as ArviZ takes them."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any

from gsdmc.inference.dimensions import SAMPLE
from gsdmc.inference.formats.optional import optional
from gsdmc.inference.formats.to_xarray import about_program, to_dataset

if TYPE_CHECKING:
    import xarray

    from gsdmc.inference.samples import Samples

CHAIN, DRAW = "chain", "draw"
"""Names that ArviZ has for the dimensions of samples."""

Groups = dict[str, "xarray.Dataset"]


def to_inference_data(samples: Samples) -> Any:
    """Samples in ArviZ's groups: an `InferenceData`, or a `DataTree` where ArviZ is 1.0 or newer.

    Raises:
        GsdmcError: ArviZ or xarray isn't installed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FutureWarning)  # ArviZ announces its next version at import
        arviz = optional("arviz", "arviz")
        found = groups(samples)
        if hasattr(arviz, "InferenceData"):
            return arviz.InferenceData(**found)
    return optional("xarray", "xarray").DataTree.from_dict(found)


def groups(samples: Samples) -> Groups:
    """The datasets by group.

    `posterior` has the arrays of which something was inferred, `observed_data` those that are evidence as a
    whole, `sample_stats` which samples satisfy all that the program says. The samples are one chain.
    """
    data = to_dataset(samples)
    taken = {d: f"{d}_plate" for d in (CHAIN, DRAW) if d in data.dims}
    data = data.rename({**taken, SAMPLE: DRAW})
    whole = [name for name, seen in samples.observed.items() if bool(seen.all())]
    stats = data[[]].assign(valid=(_leading(samples), samples.valid))
    found = {"posterior": data.drop_vars(whole), "sample_stats": stats}
    found = {name: part.expand_dims(CHAIN).transpose(CHAIN, DRAW, ...) for name, part in found.items()}
    if whole:
        found["observed_data"] = data[whole].isel({DRAW: 0}, drop=True)
    return {name: part.assign_attrs(about_program(samples)) for name, part in found.items()}


def _leading(samples: Samples) -> tuple[str, ...]:
    return tuple(DRAW if d == SAMPLE else d for d in samples.leading)
