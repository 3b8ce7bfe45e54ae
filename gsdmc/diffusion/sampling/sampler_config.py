"""How to run a process backwards."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from gsdmc.diffusion.sampling.masked import Order
from gsdmc.diffusion.sampling.spacing import Spacing

SolverName = Literal["ddim", "ancestral", "heun", "dpm2m", "dpm2m-sde"]

FLOOR = 1e-3
"""Least likely category that a sampler of the default floor draws."""


@dataclass(frozen=True)
class SamplerConfig:
    """How to run the process backwards.

    In order `random`, at temperature 1, without a floor (its default there), and with any solver, spacing
    and `remask`, many steps sample exactly the joint that the predictions of an exact network define.
    Other orders, `certain`, `threshold` and `floor` are for real networks, whose likeliest and most certain
    predictions are their best.

    Attributes:
        steps: network calls from time 1 to time 0; `heun` makes two a step and may leave one unused. Steps
            in which no masked value is to be revealed and no real is to move cost none.
        restarts: how often a finished sample is noised again, by the process itself up to
            `restart_time`, and finished anew: a perfect network's samples stay as good, a real one's
            lose earlier mistakes (Xu et al. 2023, restart sampling).
        restart_time: how far back restarts go.
        restart_steps: network calls of each restart.
        solver: of the Gaussian process. Of first order are `ddim`, with `churn`, and the paper's `ancestral`;
            of second `heun` and, with one call a step, `dpm2m` (DPM-Solver++ 2M; Lu et al. 2022), both
            deterministic; `dpm2m-sde` is the latter with `churn`. Second order needs fewer calls of an exact
            network; fresh noise forgives a real one's errors.
        churn: share of fresh noise in a `ddim` or `dpm2m-sde` step, 0 deterministic to 1 ancestral.
        spacing: of the times of the steps: `uniform` on the clock, `karras` (Karras et al. 2022, equation 5)
            or `logsnr`, uniform in the logarithm of the ratio of signal to noise.
        order: masked values are revealed by largest `margin` between their two likeliest
            categories, by largest `confidence` in the likeliest, by least `entropy`, in a `shuffled` order,
            equally many in each step (one by one where there are as many steps as values), or at `random`,
            as the process itself would.
        order_noise: scale, in log odds, of the Gumbel noise on the order of reveal.
        certain: values whose entropies sum to this many nats are revealed at once; 0 for none. Not in a
            shuffled or random order.
        threshold: values whose likeliest category has more than this probability are revealed at once; 1 for
            none. Not in a shuffled or random order.
        floor: categories less likely than this are never drawn: such small probabilities are errors of
            training more often than facts. It is a bias: rare categories that are facts are lost too, and
            the law of each draw moves by up to the floor times the number of categories. None is 0.001, but
            0 in a shuffled or random order, which are there to be exact.
        temperature: the logarithms of categories' probabilities are divided by it before anything else.
        remask: chance that a revealed latent value is masked again in a step, where the clock allows as much
            (Wang et al. 2025, ReMDM-cap); it lets mistakes be undone, and takes more steps.
    """

    steps: int = 20
    restarts: int = 0
    restart_time: float = 0.7
    restart_steps: int = 8
    solver: SolverName = "ddim"
    churn: float = 1.0
    order: Order = "margin"
    order_noise: float = 0.1
    certain: float = 0.05
    floor: float | None = None
    spacing: Spacing = "uniform"
    threshold: float = 1.0
    temperature: float = 1.0
    remask: float = 0.0

    def __post_init__(self) -> None:
        for name, names in (("solver", SolverName), ("spacing", Spacing), ("order", Order)):
            if getattr(self, name) not in get_args(names):
                known = ", ".join(get_args(names))
                raise ValueError(f"{name} is {getattr(self, name)!r}; it is one of {known}")
        for name, low, high in _RANGES:
            value = getattr(self, name)
            if value is not None and not low <= value <= high:
                limits = f"at least {low}" if high == math.inf else f"between {low} and {high}"
                raise ValueError(f"{name} is {value}; it is {limits}")
        if self.temperature <= 0:
            raise ValueError(f"temperature is {self.temperature}; it is above 0")

    @property
    def planned(self) -> bool:
        """Whether what a step reveals is known before the network is asked."""
        return self.order in ("random", "shuffled")

    @property
    def least(self) -> float:
        """The floor in force."""
        if self.floor is None:
            return 0.0 if self.planned else FLOOR
        return self.floor

    def to_json(self) -> dict[str, Any]:
        """Plain scalars."""
        return asdict(self)


_RANGES: tuple[tuple[str, float, float], ...] = (
    ("steps", 1, math.inf),
    ("restarts", 0, math.inf),
    ("restart_time", 0, 1),
    ("restart_steps", 1, math.inf),
    ("churn", 0, 1),
    ("order_noise", 0, math.inf),
    ("certain", 0, math.inf),
    ("floor", 0, 1),
    ("threshold", 0, 1),
    ("temperature", 0, math.inf),
    ("remask", 0, 1),
)
