"""Log probabilities of values under a trained network, by whichever method their kinds allow."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.diffusion.likelihood import bound, flow_density
from gsdmc.diffusion.likelihood.any_order import any_order_log_prob, random_orders
from gsdmc.diffusion.likelihood.bound import evidence_bound
from gsdmc.diffusion.likelihood.estimate import Estimate, continuous, latent_slots
from gsdmc.diffusion.likelihood.flow_density import flow_log_density
from gsdmc.diffusion.likelihood.question import Question
from gsdmc.inference.draw import chunk_size
from gsdmc.inference.evidence.cells import place
from gsdmc.inference.joint import Joint
from gsdmc.inference.refinement.ancestry import ancestry
from gsdmc.language.source import GsdmcError
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.seeds import generator

Method = Literal["bound", "any-order", "flow"]
METHODS: tuple[Method, ...] = get_args(Method)
LIKELIHOOD, ORDERS = 301, 302
"""Streams of random numbers: times, noise and probes; orders of reveal."""

KEPT = 8
"""Tensors per layer that a backward pass keeps, in the unit of `chunk_size`."""


@dataclass(frozen=True, eq=False)
class LogProb:
    """Log p(values | evidence) of each row of values, under the network.

    It is the log of a density where there are reals, in the program's own units, over the shares of a
    simplex but the last; of a probability where all is discrete; of their product in mixed programs.

    Attributes:
        value: `[B]` float64.
        error: `[B]` float64: of `bound` the standard error; of `flow` an estimate of the numerical error,
            with that of a random trace; of `any-order` the standard error over orders, 0 for a single one.
        method: `any-order` and `flow` give what the network says, `bound` a lower bound of it.
        unit: of both.
    """

    value: NDArray[np.float64]
    error: NDArray[np.float64]
    method: Method
    unit: str = "nats"


def log_prob(
    trained: TrainedModel,
    joint: Joint,
    *,
    method: str = "auto",
    seed: int = 0,
    samples: int = 128,
    orders: int = 1,
    steps: int = 40,
    least_noise: float | None = None,
) -> LogProb:
    """Log probabilities of joint values given those that are evidence.

    Args:
        trained: the network and its process.
        joint: the values.
        method: see `choose`.
        seed: of times, noise, orders and probes.
        samples: network calls per row that `bound` makes, for each kind of process.
        orders: random orders that `any-order` averages over, the same for every row.
        steps: of the solver that `flow` takes.
        least_noise: where `bound` and `flow` leave off, as a share of the scale of each array; their own
            defaults when None.

    Raises:
        GsdmcError: a method that doesn't apply, numbers that it can't take, or values without a density.
    """
    for name, number, even in (("samples", samples, True), ("orders", orders, False), ("steps", steps, True)):
        if number < 1 or (even and number % 2):
            least = "even and at least 2" if even else "at least 1"
            raise GsdmcError(f"{name} is {number}; it is {least}")
    if least_noise is not None and not 0 < least_noise < 1:
        raise GsdmcError(f"least_noise is {least_noise:g}; it is between 0 and 1")
    layout, process = joint.problem.layout, trained.process
    batch = len(next(iter(joint.values.values())))
    observed = {name: seen.expand(batch, *seen.shape) for name, seen in joint.mask.items()}
    chosen = choose(trained, joint, method)
    size = chunk_size(layout, trained.denoiser.config.width)
    if chosen == "flow":
        size = max(1, size // (KEPT * trained.denoiser.config.layers))
    priorities = random_orders(process, layout, orders, generator(seed, ORDERS))
    parts: list[Estimate] = []
    for number, start in enumerate(range(0, batch, size)):
        values = {name: value[start : start + size] for name, value in joint.values.items()}
        seen = {name: mask[start : start + size] for name, mask in observed.items()}
        stream = generator(seed, LIKELIHOOD, number)
        asked = Question(trained.denoiser, layout.to(trained.device), process, values, seen)
        if chosen == "any-order":
            parts.append(any_order_log_prob(asked, priorities, rows=size))
        elif chosen == "flow":
            parts.append(
                flow_log_density(
                    asked, stream, steps=steps, least_noise=least_noise or flow_density.LEAST_NOISE
                )
            )
        else:
            parts.append(
                evidence_bound(
                    asked, stream, samples=samples, rows=size, least_noise=least_noise or bound.LEAST_NOISE
                )
            )
    value, error = (
        torch.cat([getattr(part, name) for part in parts]).cpu().numpy() for name in ("value", "error")
    )
    return LogProb(value, error, chosen)


def choose(trained: TrainedModel, joint: Joint, method: str = "auto") -> Method:
    """The method to use, once it is known to apply.

    `auto` takes `any-order` where all that is inferred is masked, `flow` where all of it has a density, and
    else `bound`, which always applies.

    Raises:
        GsdmcError: an unknown method, one that doesn't apply, or values without a density.
    """
    known: dict[str, Method] = {m: m for m in METHODS}
    if method != "auto" and method not in known:
        raise GsdmcError(f"method is {method!r}; it is one of auto, {', '.join(known)}")
    gaussian, masked = latent_slots(trained.process, joint.problem.layout, joint.mask)
    for slot in (*gaussian, *masked):
        if slot.kind.support == "simplex" and not trained.process.config.bijections:
            raise GsdmcError(
                f'"{slot.name}" has no density under this network: its shares were noised off the simplex',
                hint="train the network anew: with bijections, shares stay shares",
            )
    if any(continuous(slot) for slot in (*gaussian, *masked)):
        check_density(joint.problem, joint.mask)
    if method == "any-order" and gaussian:
        name, kind = gaussian[0].name, gaussian[0].kind
        raise GsdmcError(
            f'any-order needs masked variables alone, but "{name}", a {kind}, is noised',
            hint="use method bound, or auto",
        )
    if method == "flow":
        for slot in (*masked, *gaussian):
            if slot in masked or not continuous(slot):
                what = "masked" if slot in masked else "not continuous"
                raise GsdmcError(
                    f'flow needs noised reals alone, but "{slot.name}", a {slot.kind}, is {what}',
                    hint="use method bound, or auto; or give it as evidence",
                )
    if method != "auto":
        return known[method]
    if not gaussian:
        return "any-order"
    return "flow" if not masked and all(continuous(slot) for slot in gaussian) else "bound"


def check_density(problem: Problem, mask: dict[str, Tensor]) -> None:
    """Refuse values whose joint distribution is singular, because the program computes reals of reals.

    A real `dirac` that is not evidence lies on the graph of its function: there is no density over it and its
    parents together. One that is evidence confines the reals that it is computed from to a set
    of no volume, unless all of them are evidence too. Discrete `dirac` variables do neither: given x, x > 0
    has a probability, and given x > 0, x has a density. Generated variables (`untracked`, `extern`) count as
    sampled ones, as everywhere.

    Raises:
        GsdmcError: naming the variable.
    """
    graph = problem.graph
    family = ancestry(problem)
    held = np.concatenate([mask[a.name].numpy().reshape(-1) for a in graph.arrays])
    real = np.repeat(
        [a.kind.name in ("real", "vector") for a in graph.arrays], [a.size for a in graph.arrays]
    )
    loose = family.computed & real & ~held
    if loose.any():
        name, index = _node(problem, int(loose.argmax()))
        raise GsdmcError(
            f'"{name}"{place(index)} is computed from other variables: it and they have no joint density',
            hint="compile with intermediates=False (--no-intermediates) and train anew, or give both it and "
            "the reals that it is computed from as evidence",
        )
    child, parent = family.parents.nonzero()
    confined = (family.computed & real & held)[child] & (real & ~held)[parent]
    if confined.any():
        first = int(confined.argmax())
        (name, index), (source, at) = _node(problem, int(child[first])), _node(problem, int(parent[first]))
        raise GsdmcError(
            f'given "{name}"{place(index)}, which is computed from "{source}"{place(at)}, the latter has no '
            "density: few of its values are possible",
            hint=f"leave {name} out of the evidence, or give {source} too",
        )


def _node(problem: Problem, number: int) -> tuple[str, tuple[int, ...]]:
    """Array name and index of a node."""
    array = problem.graph.arrays[int(problem.graph.array_of_node[number])]
    index = np.unravel_index(number - array.offset, array.shape) if array.shape else ()
    return array.name, tuple(int(i) for i in index)
