"""Everything that decides a training run, in a form that a checkpoint can keep."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

from gsdmc.diffusion.process import ProcessConfig
from gsdmc.diffusion.sampling.sampler import SamplerConfig
from gsdmc.layout.layout import Layout
from gsdmc.model.config import Architecture, ModelConfig
from gsdmc.training.acceleration import Precision, Switch
from gsdmc.training.conditioning import Conditioning


@dataclass(frozen=True)
class TrainingConfig:
    """Network, process, sampler and optimiser.

    Attributes:
        preset: the name of the preset that this came from.
        architecture: see `ModelConfig`.
        width: channels per node.
        layers: attention layers, at least.
        heads: attention heads.
        expansion: hidden channels of the MLP, as a multiple of `width`.
        roles: learned attention bias per role.
        loops: times that the layers are applied, at least.
        reach: grow `layers` or `loops` toward the graph's diameter, see `ModelConfig.for_layout`.
        process: the diffusion process.
        sampler: how to sample by default.
        conditioning: what is observed in training on a program without `given`: a `mixture` of query
            families, or a `uniform` subset; see `gsdmc.training.conditioning`.
        missing: on a program with `given`, the share of examples in which values of the evidence are missing,
            few in some and most in others. Such a model takes evidence with missing values; and where there
            are few simulations, it learns less of them by heart.
        batch: examples per pass: on each device at a time.
        accumulate: passes per step on each device; a step's gradient is that of all their examples together,
            up to rounding.
        optimiser: `adam`, or `muon` for matrices inside blocks with `adam` for the rest.
        learning_rate: Adam's peak rate.
        matrix_rate: Muon's peak rate.
        betas: Adam's moment decays.
        clip: largest gradient norm.
        warmup: steps of linear warm-up.
        decay: whether the rate falls over the budget, by a half cosine to a hundredth.
        ema: decay of the averaged weights, approached from below over the first steps.
        precision: of matrix products in the network; see `gsdmc.training.acceleration`.
        compile: whether blocks run through `torch.compile`.
        recompute: whether blocks keep their inputs alone for the backward pass, for the sake of memory.
        graphs: whether the network runs as CUDA graphs, where sizes don't vary.
        plateau: end training once this many steps in a row have no lower a mean loss than as many before;
            0 for never, see `gsdmc.training.plateau`.
    """

    preset: str = "default"
    architecture: Architecture = "default"
    width: int = 48
    layers: int = 12
    heads: int = 4
    expansion: float = 1.0
    roles: bool = True
    reach: bool = True
    process: ProcessConfig = field(default_factory=ProcessConfig)
    sampler: SamplerConfig = field(default_factory=SamplerConfig)
    batch: int = 32
    optimiser: Literal["adam", "muon"] = "muon"
    learning_rate: float = 5e-3
    matrix_rate: float = 2e-2
    betas: tuple[float, float] = (0.9, 0.99)
    clip: float = 1.0
    warmup: int = 20
    decay: bool = True
    ema: float = 0.99
    conditioning: Conditioning = "mixture"
    loops: int = 1
    precision: Precision = "auto"
    compile: Switch = "auto"
    recompute: Switch = "auto"
    graphs: Switch = "auto"
    plateau: int = 0
    missing: float = 0.0
    accumulate: int = 1

    def network(self, layout: Layout) -> ModelConfig:
        """The network that these settings give a layout."""
        return ModelConfig.for_layout(
            layout,
            architecture=self.architecture,
            width=self.width,
            layers=self.layers,
            heads=self.heads,
            expansion=self.expansion,
            roles=self.roles,
            loops=self.loops,
            reach=self.reach,
            components=self.process.mixture,
            masked_reals=self.process.reals == "masked",
        )

    def to_json(self) -> dict[str, Any]:
        """Plain dicts, lists and scalars."""
        return asdict(self)

    @staticmethod
    def from_json(data: dict[str, Any]) -> TrainingConfig:
        """The inverse of `to_json`; files from before `conditioning` were trained on uniform subsets."""
        plain = {"conditioning": "uniform", **data}
        return TrainingConfig(
            **{k: v for k, v in plain.items() if k not in ("process", "sampler", "betas")},
            process=ProcessConfig.from_json(data["process"]),
            sampler=SamplerConfig(**data["sampler"]),
            betas=tuple(data["betas"]),
        )

    def examples(self, processes: int = 1) -> int:
        """Examples per step of a run of so many processes."""
        return self.batch * self.accumulate * processes

    def continues(self, other: TrainingConfig, before: int = 1, now: int = 1) -> bool:
        """Whether a run of these settings may go on with others: what alters no step may differ.

        So may how a step's examples are dealt out, but not how many they are.

        Args:
            other: the settings to go on with.
            before: processes of the run.
            now: processes that go on with it.
        """
        if self.examples(before) != other.examples(now):
            return False
        dealt = replace(self, batch=other.batch, accumulate=other.accumulate)
        return replace(dealt, recompute=other.recompute, graphs=other.graphs, plateau=other.plateau) == other

    def with_changes(self, **changes: Any) -> TrainingConfig:
        """A copy with some fields changed."""
        return replace(self, **changes)
