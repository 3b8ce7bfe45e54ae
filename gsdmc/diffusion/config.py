"""The settings of a diffusion process, in a form that a checkpoint can keep."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from gsdmc.diffusion.prediction import PredictionName, Weighting
from gsdmc.diffusion.schedule import ScheduleName
from gsdmc.diffusion.times import TimesName
from gsdmc.language.kinds import Kind

DiscreteName = Literal["masked", "onehot"]
RealsName = Literal["gaussian", "masked"]
HeadName = Literal["point", "mixture"]
LossName = Literal["balanced", "sum"]


@dataclass(frozen=True)
class ProcessConfig:
    """Which processes run, and what the network predicts of them.

    Attributes:
        schedule: of the Gaussian process, `cosine`, `edm` (Karras et al. 2022) or the paper's `linear`.
        prediction: the network's target for reals: the data (`x0`), the `noise`, or `v` (Salimans & Ho 2022;
            with standardised data that is the preconditioning of Karras et al. 2022).
        discrete: `masked` (absorbing; Sahoo et al. 2024) or `onehot` (Gaussian; Weilbach et al. 2022,
            section 3.4).
        mask_power: a discrete value is masked at time t with probability `t ** mask_power`.
        mask_weight: masked values' cross-entropy is weighted by `(mask_power / t) ** mask_weight`: 1 gives
            the evidence bound (Sahoo et al. 2024, equation 11), 0 lets early times weigh more.
        standardise: whether reals are brought to unit scale.
        loss: `balanced` (every array weighs the same) or `sum` (squared error over all nodes, the paper's).
        bijections: whether reals with a support are mapped onto all reals, so that no sample leaves it;
            without, samples are clipped.
        times: how training draws times, `uniform` on the clock or `lognormal` (Karras et al. 2022); see
            `draw_times`.
        weighting: of reals' squared errors, `flat` in what is predicted, or `snr`; see `error_weight`.
        reals: `gaussian`, or `masked`: reals, vectors and counts run the masked process, and are revealed by
            draws from the mixture that is predicted of them.
        head: what is predicted of reals: a `point`, or a `mixture` of normals with an exact density; masked
            reals always have the latter.
        components: normals in a mixture.
        time_conditioning: whether a network whose arrays are all masked is told the time, which the number of
            masked values says already (Sahoo et al. 2024, section 3.5.3).

    Raises:
        ValueError: at construction, for a value that is none of a field's.
    """

    schedule: ScheduleName = "cosine"
    prediction: PredictionName = "v"
    discrete: DiscreteName = "masked"
    mask_power: float = 1.0
    mask_weight: float = 0.0
    standardise: bool = True
    loss: LossName = "balanced"
    bijections: bool = True
    times: TimesName = "uniform"
    weighting: Weighting = "flat"
    time_conditioning: bool = True
    reals: RealsName = "gaussian"
    head: HeadName = "point"
    components: int = 8

    def __post_init__(self) -> None:
        for name, names in _NAMES.items():
            if getattr(self, name) not in get_args(names):
                known = ", ".join(get_args(names))
                raise ValueError(f"{name} is {getattr(self, name)!r}; it is one of {known}")
        if self.mask_power <= 0:
            raise ValueError(f"mask_power is {self.mask_power}; it is above 0")
        if self.components < 1:
            raise ValueError(f"components is {self.components}; a mixture has at least 1")
        if self.loss == "sum" and (self.weighting != "flat" or self.mixture):
            raise ValueError("the loss `sum` is of unweighted points: it has no weighting and no mixture")

    @property
    def mixture(self) -> int:
        """Components of the mixtures predicted of reals, 0 for points."""
        return self.components if self.head == "mixture" or self.reals == "masked" else 0

    def masks(self, kind: Kind) -> bool:
        """Whether arrays of a kind run the masked process, and not the Gaussian one."""
        return self.discrete == "masked" if kind.discrete else self.reals == "masked"

    def to_json(self) -> dict[str, Any]:
        """Plain scalars."""
        return asdict(self)

    @staticmethod
    def from_json(data: Mapping[str, Any]) -> ProcessConfig:
        """The inverse of `to_json`; what an older version wrote had no bijections."""
        return ProcessConfig(**{"bijections": False, **data})


_NAMES: dict[str, Any] = {
    "schedule": ScheduleName,
    "prediction": PredictionName,
    "discrete": DiscreteName,
    "loss": LossName,
    "times": TimesName,
    "weighting": Weighting,
    "reals": RealsName,
    "head": HeadName,
}
