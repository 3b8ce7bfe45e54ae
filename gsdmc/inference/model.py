"""A trained model: a network with the program that it was trained for."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TypeAlias

import torch

from gsdmc.compiler.problem import Problem
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.inference.diagnostics.calibration import Calibration
from gsdmc.inference.diagnostics.of_model import calibrate_network
from gsdmc.inference.draw import draw
from gsdmc.inference.evaluate import Evaluation, evaluate
from gsdmc.inference.evidence.batch import bind_batch
from gsdmc.inference.evidence.queries import check_query, describe
from gsdmc.inference.evidence.shapes import check_free
from gsdmc.inference.joint import bind_joint
from gsdmc.inference.log_prob import LogProb, log_prob
from gsdmc.inference.refinement.refine import Refinement, refine
from gsdmc.inference.samples import Samples
from gsdmc.inference.sampling import Sampler, with_sampler
from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.devices import choose_device
from gsdmc.training.precision import choose_precision

if TYPE_CHECKING:
    import pandas

Evidence: TypeAlias = "Mapping[str, Any] | pandas.DataFrame | None"
"""What is known of one data set: arrays by name, as an xarray dataset has them, or columns of a frame."""


class EvidenceWarning(UserWarning):
    """Evidence that the program forbids, let pass by `strict=False`."""


@dataclass(frozen=True, eq=False, repr=False)
class Model:
    """A network that samples the variables of a program given some of them.

    Attributes:
        problem: the program at the size to sample at.
        trained: the network, its process and the record of its training.
        pinned: sizes that the caller set, which evidence must agree with.
    """

    problem: Problem
    trained: TrainedModel
    pinned: frozenset[str] = frozenset()

    def __repr__(self) -> str:
        sizes = ", ".join(f"{k}={v}" for k, v in self.problem.sizes.items())
        steps, family = self.trained.run["steps"], describe(self.problem.givens)
        return (
            f"<gsdmc model {self.problem.name}({sizes}): "
            f"{self.parameters} parameters, {steps} steps, trained {family}>"
        )

    def _repr_html_(self) -> str:
        from gsdmc.inference.notebook import model_html

        return model_html(self)

    @property
    def parameters(self) -> int:
        """Number of trained weights."""
        return self.trained.denoiser.parameter_count

    @property
    def metrics(self) -> dict[str, Any]:
        """Loss curve, speed, hardware and versions of the training run; how its steps were run, and why."""
        return self.trained.metrics

    @property
    def device(self) -> torch.device:
        """Where the network runs."""
        return self.trained.device

    @property
    def dtype(self) -> torch.dtype:
        """What the network computes with, bfloat16 where it is so in its blocks alone; see `to`."""
        return self.trained.autocast or self.trained.dtype

    def to(self, device: str | torch.device | None = None, dtype: str | torch.dtype | None = None) -> Model:
        """The same model with its network on a device; evidence and results stay on the CPU.

        Noise is drawn on the CPU in double precision, so that a seed gives the same samples everywhere and in
        every type, up to rounding.

        Args:
            device: `cpu`, `cuda`, `cuda:N`, or `auto` for a CUDA device where there is one; where it is when
                None.
            dtype: `float32`, `float64`, with which samples are float64 too and evidence counts in full, or
                `bfloat16` for matrix products on CUDA devices, by name or as torch has it; what it is when
                None.

        Raises:
            GsdmcError: there is no such device, or it doesn't compute so.
        """
        where = self.device if device is None else choose_device(device)[0]
        own, autocast = choose_precision(self.dtype if dtype is None else dtype, where)
        return replace(self, trained=self.trained.to(where, own, autocast))

    def resized(self, **sizes: int) -> Model:
        """The same weights at other sizes of the program.

        Raises:
            GsdmcError: an unknown size, or one that the network can't take.
        """
        if not sizes:
            return self
        problem = self.problem.resized(**sizes)
        check_free(self.problem, problem)
        return Model(problem, self.trained, self.pinned | frozenset(sizes))

    def sample(
        self,
        evidence: Evidence | Sequence[Evidence] = None,
        *,
        num_samples: int = 1,
        batched: bool = False,
        seed: int = 0,
        steps: int | None = None,
        restore: bool = True,
        repair: int = 0,
        polish: bool = False,
        strict: bool = True,
        sampler: Sampler | None = None,
        trace: Trace | None = None,
        memory: int | None = None,
        **sizes: int,
    ) -> Samples:
        """Draw joint samples of all arrays given evidence.

        Args:
            evidence: array names and anything that numpy reads, in the arrays' shapes, with the
                channels of vectors last; NaN, None and masked entries are missing, those of a vector all
                or none. An xarray dataset is taken by the names of its dimensions, a pandas frame has a
                column per array and a row per element of their plate. Sizes of free plates follow its shapes.
                A list holds the evidence of many data sets, which are sampled at once; an xarray dataset has
                them along its dimension `dataset`, a frame by a level `dataset` of its index.
            num_samples: how many joint samples, of each data set.
            batched: the first dimension of every array of the evidence counts data sets.
            seed: of all noise; the same seed and evidence give the same samples.
            steps: network calls; the model's own number when None.
            restore: recompute `dirac` nodes from their sampled parents, evidence and generated ones kept.
                Otherwise all values are the network's own, which `Samples.network` has in any case.
            repair: rounds in which samples that break a factor or a relation of the program are drawn again
                in part, given what breaks nothing. Where training knew fixed queries alone, such samples are
                drawn anew as a whole.
            polish: move the continuous variables until the real `dirac` nodes that are given come out as
                given, to solver precision. What is discrete stays, and so do supports; reals come in float64.
            strict: refuse queries that the network was not trained for, evidence outside its support, and
                evidence that contradicts other evidence. Otherwise all but the first raise an
                `EvidenceWarning`.
            sampler: settings of the sampler by name, such as `{"solver": "heun"}`, see `SamplerConfig`; a
                `SamplerConfig`; or `"auto"`, the one that fits the program. The model's own when None.
            trace: counts that network calls are added to, those of repair's redraws included.
            memory: bytes that the network may work in, beside its weights and the samples themselves; samples
                are drawn in parts that fit. It is part of what a seed's samples depend on. None means a
                few hundred MiB.
            **sizes: sizes of the program, as at `compile`.

        Raises:
            GsdmcError: evidence that doesn't fit the program, a query that the network wasn't trained for,
                repair or polish without restore, or an unknown setting of the sampler.
        """
        wanted = Refinement(restore, repair, polish)
        if num_samples < 1:
            raise GsdmcError(f"num_samples is {num_samples}; there is at least one sample to draw")
        bound = bind_batch(
            self.resized(**sizes).problem,
            evidence,
            self.pinned | frozenset(sizes),
            batched=batched,
            trained=self.problem,
            strict=strict,
            missing=self.trained.config.missing > 0,
        )
        for warning in bound.warnings:
            warnings.warn(f"{warning.message}; {warning.hint}", EvidenceWarning, stacklevel=2)
        values, mask, exact = bound.rows(num_samples)
        values = exact if self.trained.dtype == torch.float64 else values
        trained = with_sampler(self.trained, bound.problem, sampler)
        layout = bound.problem.layout
        raw = draw(trained, layout, values, mask, seed=seed, steps=steps, trace=trace, memory=memory)
        tensors, report = refine(
            bound.problem,
            trained,
            raw,
            mask,
            wanted,
            seed=seed,
            steps=steps,
            exact=exact,
            memory=memory,
            trace=trace,
        )
        report = replace(report, warnings=bound.warnings)
        return Samples(
            bound.problem, tensors, bound.observed, restore, raw, report, bound.num_datasets, bound.labels
        )

    def log_prob(
        self,
        values: Evidence,
        evidence: Evidence = None,
        *,
        method: str = "auto",
        seed: int = 0,
        samples: int = 128,
        orders: int = 1,
        steps: int = 40,
        least_noise: float | None = None,
        strict: bool = True,
        **sizes: int,
    ) -> LogProb:
        """Log p(values | evidence) under the network, in nats.

        Values and evidence together give every variable. Reals that the program computes (`dirac`) leave no
        density over them and what they are computed from, so that both are evidence, or the former no
        variables of the network (`intermediates=False`).

        Args:
            values: `[B, *shape]` by array, the channels of vectors last; samples are such values. What is
                evidence may be left out.
            evidence: as in `sample`, the same for every row of values.
            method: `any-order` (exact, where all that is inferred is masked), `flow` (a density, where all
                of it is real), `bound` (a lower bound, always), or `auto`, the first of them that applies.
            seed: of times, noise, orders and probes.
            samples: network calls per row that `bound` makes for each kind of process, an even number.
            orders: random orders that `any-order` averages over.
            steps: of the solver that `flow` takes, an even number.
            least_noise: where `bound` and `flow` leave off, as a share of the scale of each array; a sharper
                network takes less. Their own defaults when None.
            strict: refuse queries that the network was not trained for.
            **sizes: sizes of the program, as at `compile`.

        Raises:
            GsdmcError: values or evidence that don't fit the program, a query that the network wasn't trained
                for, a method that doesn't apply, or values without a density.
        """
        model = self.resized(**sizes)
        joint = bind_joint(model.problem, values, evidence, model.pinned)
        check_free(self.problem, joint.problem)
        if strict:
            missing = self.trained.config.missing > 0
            check_query(joint.problem.givens, joint.mask, missing=missing)
        return log_prob(
            self.trained,
            joint,
            method=method,
            seed=seed,
            samples=samples,
            orders=orders,
            steps=steps,
            least_noise=least_noise,
        )

    def evaluate(
        self,
        num_problems: int = 256,
        *,
        seed: int = 0,
        steps: int | None = None,
        repair: int = 0,
        polish: bool = False,
        trace: Trace | None = None,
        **sizes: int,
    ) -> Evaluation:
        """Score the network on fresh problems, one sample each, as it gives it and restored.

        Args:
            num_problems: joint draws of the program; each gives the evidence of one query.
            seed: of problems, queries and samples.
            steps: network calls; the model's own number when None.
            repair: rounds of repair, see `sample`; figures after it stand beside the others.
            polish: polish, see `sample`; figures after it stand beside the others.
            trace: counts that network calls are added to, those of repair's redraws included.
            **sizes: sizes of the program, as at `compile`.
        """
        wanted = Refinement(repair=repair, polish=polish)
        if num_problems < 1:
            raise GsdmcError(f"num_problems is {num_problems}; there is at least one problem to draw")
        model = self.resized(**sizes)
        return evaluate(
            model.problem, self.trained, num_problems, seed=seed, steps=steps, wanted=wanted, trace=trace
        )

    def calibrate(
        self,
        num_problems: int = 1000,
        *,
        num_draws: int = 99,
        given: str | Sequence[str] | None = None,
        arrays: Sequence[str] | None = None,
        seed: int = 0,
        steps: int | None = None,
        restore: bool = True,
        strict: bool = True,
        progress: Callable[[int], None] | None = None,
        **sizes: int,
    ) -> Calibration:
        """Check the network's posteriors: where the truth of simulated problems lies among posterior draws.

        Args:
            num_problems: joint draws of the program; each gives the evidence of one query.
            num_draws: posterior draws for each.
            given: queries, as `compile` takes them; those of training when None.
            arrays: those whose elements are looked at; all when None.
            seed: of problems, queries, draws and ties.
            steps: network calls per draw; the model's own number when None.
            restore: recompute `dirac` nodes from their sampled parents.
            strict: refuse queries that the network was not trained for.
            progress: called with the number of problems that are done.
            **sizes: sizes of the program, as at `compile`.

        Raises:
            GsdmcError: an unknown array, or a query that the network wasn't trained for.
        """
        return calibrate_network(
            self.resized(**sizes).problem,
            self.trained,
            problems=num_problems,
            draws=num_draws,
            given=given,
            arrays=arrays,
            seed=seed,
            steps=steps,
            restore=restore,
            strict=strict,
            progress=progress,
        )
