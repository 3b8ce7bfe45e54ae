"""The settings of a diffusion process, in a form that a checkpoint can keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal

from gsdmc.diffusion.schedule import ScheduleName


@dataclass(frozen=True)
class ProcessConfig:
    """Which processes run, and what the network predicts of them.

    Attributes:
        schedule: of the Gaussian process, `cosine` or the paper's `linear`.
        prediction: the network's target for reals, the data (`x0`) or `v` (Salimans & Ho 2022).
        discrete: `masked` (absorbing; Sahoo et al. 2024) or `onehot` (Gaussian; Weilbach et al. 2022,
            section 3.4).
        mask_power: a discrete value is masked at time t with probability `t ** mask_power`.
        mask_weight: masked values' cross-entropy is weighted by the masking probability to the power
            `-mask_weight`: 1 gives the evidence bound, 0 lets early times weigh more.
        standardise: whether reals are brought to unit scale.
        loss: `balanced` (every array weighs the same) or `sum` (squared error over all nodes, the paper's).
        bijections: whether reals with a support are mapped onto all reals, so that no sample leaves it;
            without, samples are clipped.
    """

    schedule: ScheduleName = "cosine"
    prediction: Literal["x0", "v"] = "x0"
    discrete: Literal["masked", "onehot"] = "masked"
    mask_power: float = 1.0
    mask_weight: float = 0.0
    standardise: bool = True
    loss: Literal["balanced", "sum"] = "balanced"
    bijections: bool = True

    def to_json(self) -> dict[str, Any]:
        """Plain scalars."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ProcessConfig:
        """The inverse of `to_json`; what an older version wrote had no bijections."""
        return ProcessConfig(**{"bijections": False, **data})
