"""Quality against speed of samplers on a trained model: every solver and order of reveal by network calls.

    python benchmarks/samplers.py runs/bcmf --calls 5 10 20 40 --json benchmarks/results/samplers_bcmf.json

Fresh problems are drawn from the program, their queries as in training or as --given says, and two samples of
each. For an exact sampler truth and samples are exchangeable, given the evidence, which gives figures for
any program. `energy` is the energy score of single variables, averaged over arrays: the lower the better, 0
for certain and right. `spread` is how much samples differ from each other against how much they differ from
the truth, for the arrays with the least and with the most: 1 where posteriors are as wide as they should be,
less where they are too narrow. `valid` is the share of network samples that satisfy all that the program
says. Beside them stand the program's own scores, where it has some. `calls` counts network calls that the
average sample was part of. Measure on a quiet machine.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import fmean
from typing import Any

import torch
from posteriors import budget
from torch import Tensor

import gsdmc
from gsdmc.compiler import Problem
from gsdmc.diffusion.sampling.defaults import default_sampler
from gsdmc.diffusion.sampling.sampler import SamplerConfig, Trace
from gsdmc.inference.consistency import measure
from gsdmc.inference.diagnostics.of_model import queries
from gsdmc.inference.draw import draw
from gsdmc.inference.refinement.violations import TOLERANCE, residuals_of, violations
from gsdmc.inference.scores import Check, scores_of
from gsdmc.layout.layout import ArraySlot
from gsdmc.training.checkpoint import Model as TrainedModel
from gsdmc.training.masks import draw_masks
from gsdmc.training.seeds import derive, generator

PROBLEMS, QUERIES, SAMPLES = 501, 502, 503
"""Streams of random numbers."""

Values = Mapping[str, Tensor]

SOLVERS: dict[str, dict[str, Any]] = {
    "ddim": {},
    "ddim, log-SNR": {"spacing": "logsnr"},
    "deterministic ddim, log-SNR": {"churn": 0.0, "spacing": "logsnr"},
    "ancestral": {"solver": "ancestral"},
    "heun, log-SNR": {"solver": "heun", "spacing": "logsnr"},
    "dpm2m": {"solver": "dpm2m"},
    "dpm2m, Karras": {"solver": "dpm2m", "spacing": "karras"},
    "dpm2m, log-SNR": {"solver": "dpm2m", "spacing": "logsnr"},
    "dpm2m-sde": {"solver": "dpm2m-sde"},
    "dpm2m-sde, Karras": {"solver": "dpm2m-sde", "spacing": "karras"},
    "dpm2m-sde, log-SNR": {"solver": "dpm2m-sde", "spacing": "logsnr"},
}
"""For programs with arrays of the Gaussian process."""

ORDERS: dict[str, dict[str, Any]] = {
    "random": {"order": "random"},
    "shuffled": {"order": "shuffled"},
    "confidence": {"order": "confidence"},
    "entropy": {"order": "entropy"},
    "margin, none at once": {"certain": 0.0},
    "margin, 0.2 nats at once": {"certain": 0.2},
    "margin, above 0.9 at once": {"certain": 0.0, "threshold": 0.9},
    "margin, remasked": {"remask": 0.05},
    "margin, no floor": {"floor": 0.0},
}
"""For programs with arrays of the masked process; the solver is that of the program's default."""


def candidates(model: TrainedModel, problem: Problem, calls: list[int]) -> dict[str, SamplerConfig]:
    """Samplers by name: the model's own, the program's default, and those that its kinds leave a choice of.

    As references serve a thousand ancestral steps with a Gaussian process, and one masked value a call.
    """
    layout, process = problem.layout, model.process
    auto = default_sampler(layout, process.config)
    masked = [slot for slot in layout.arrays if process.is_masked(slot)]
    found = {"own": model.config.sampler}
    for number in calls:
        found[f"auto / {number}"] = replace(auto, steps=number)
        if len(masked) < len(layout.arrays):
            found |= {f"{n} / {number}": SamplerConfig(**{"steps": number, **s}) for n, s in SOLVERS.items()}
        if masked:
            found |= {f"{n} / {number}": replace(auto, **{"steps": number, **s}) for n, s in ORDERS.items()}
    if len(masked) < len(layout.arrays):
        found["reference: ancestral / 1000"] = SamplerConfig(1000, solver="ancestral")
    else:
        number = sum(slot.size for slot in masked)
        found["reference: one by one"] = SamplerConfig(number, certain=0.0)
    return found


@dataclass(frozen=True)
class Asked:
    """Queries of fresh problems: values and masks, `[B, ...]` by array."""

    truth: dict[str, Tensor]
    mask: dict[str, Tensor]


def ask(problem: Problem, model: TrainedModel, count: int, given: list[str] | None, seed: int) -> Asked:
    """Draw problems and what of them is known."""
    family = problem.givens if given is None else queries(problem, given)
    mask = draw_masks(
        problem.layout, family, count, generator(seed, QUERIES), conditioning=model.config.conditioning
    )
    return Asked(problem.simulate(count, derive(seed, PROBLEMS)), mask)


def row(
    problem: Problem, model: TrainedModel, asked: Asked, config: SamplerConfig, seed: int, scores: bool
) -> dict[str, Any]:
    """All figures of one sampler."""
    trained = replace(model, config=model.config.with_changes(sampler=config))
    trace, start = Trace(), time.perf_counter()
    first, second = (
        draw(trained, problem.layout, asked.truth, asked.mask, seed=derive(seed, SAMPLES, n), trace=trace)
        for n in (0, 1)
    )
    seconds = time.perf_counter() - start
    arrays = {
        slot.name: agreement(slot, asked, first, second)
        for slot in problem.layout.arrays
        if not slot.deterministic and not bool(asked.mask[slot.name].all())
    }
    energies = [e for a in arrays.values() if (e := a["energy"]) is not None]
    residuals = residuals_of(problem, first)
    broken = violations(problem, residuals, TOLERANCE).total(len(next(iter(first.values()))))
    restored = problem.restore(first, asked.mask)
    check = Check(problem, trained, asked.truth, asked.mask, first, restored, seed, None)
    return {
        "settings": config.to_json(),
        "calls": trace.per_sample,
        "batches": trace.calls,
        "seconds_per_1000": 1000 * seconds / trace.samples,
        "energy": fmean(energies) if energies else None,
        "arrays": arrays,
        "valid": float((broken == 0).double().mean()),
        "consistency": measure(problem, residuals).to_json(),
        "scores": [score.to_json() for score in scores_of(check)] if scores else [],
    }


def agreement(slot: ArraySlot, asked: Asked, first: Values, second: Values) -> dict[str, float | None]:
    """Energy score and spread of an array's latent elements.

    The energy score of two samples a and b of a truth t is (|t - a| + |t - b| - |a - b|) / 2, in standard
    deviations of the truths; of discrete values the distance is 1 where they differ.
    """
    latent = ~asked.mask[slot.name]
    truth, a, b = (v[slot.name][latent] for v in (asked.truth, first, second))
    if slot.kind.discrete:
        scale = torch.ones(())
        off, apart = ((truth != a).double() + (truth != b).double()) / 2, (a != b).double()
        wide, wrong = apart.mean(), off.mean()
    else:
        truth, a, b = (x.double() for x in (truth, a, b))
        scale = asked.truth[slot.name].double().std().clamp(min=1e-12)
        off, apart = ((truth - a).abs() + (truth - b).abs()) / 2, (a - b).abs()
        wide = apart.square().mean().sqrt()
        wrong = (((truth - a).square() + (truth - b).square()) / 2).mean().sqrt()
    return {
        "energy": float(((off - apart / 2) / scale).mean()),
        "spread": float(wide / wrong) if wrong > 0 else None,
    }


def cells(name: str, figures: dict[str, Any]) -> list[str]:
    """A line of the table."""
    spreads = [a["spread"] for a in figures["arrays"].values() if a["spread"] is not None]
    return [
        name,
        f"{figures['calls']:.1f}",
        f"{figures['seconds_per_1000']:.3g}",
        "" if figures["energy"] is None else f"{figures['energy']:.4f}",
        f"{min(spreads):.2f} to {max(spreads):.2f}" if spreads else "",
        f"{figures['valid']:.1%}",
        *(f"{score['raw']:.4g}" for score in figures["scores"]),
    ]


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("model", help="a model folder that train wrote")
    parser.add_argument("--calls", type=int, nargs="+", default=[5, 10, 20, 40], help="network calls")
    parser.add_argument("--samplers", nargs="+", metavar="TEXT", help="those with one of these in their name")
    parser.add_argument("--given", action="append", help="a query, as `compile` takes it; repeatable")
    parser.add_argument("--size", type=size, action="append", default=[], metavar="NAME=N")
    parser.add_argument("--problems", dest="samples", type=int, default=512, help="fresh problems")
    parser.add_argument(
        "--no-scores", dest="scores", action="store_false", help="not the program's own scores"
    )
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--threads", type=int, help="of torch (default: its own choice)")
    parser.add_argument("--json", type=Path, help="write the figures here")
    options = parser.parse_args()
    budget.use_threads(options)
    loaded = gsdmc.load(options.model).resized(**dict(options.size))
    problem, model = loaded.problem, loaded.trained
    asked = ask(problem, model, options.samples, options.given, options.seed)
    result: dict[str, Any] = {
        **budget.header(options),
        "program": problem.name,
        "sizes": problem.sizes,
        "given": options.given,
        "training": budget.training_record(loaded),
        "samplers": {},
    }
    rows = []
    row(problem, model, asked, SamplerConfig(1), options.seed, False)  # what is built once is built here
    for name, config in candidates(model, problem, options.calls).items():
        if options.samplers and not any(text in name for text in options.samplers):
            continue
        figures = row(problem, model, asked, config, options.seed, options.scores)
        result["samplers"][name] = figures
        rows.append(cells(name, figures))
        budget.write(result, options.json)
    if not rows:
        parser.error("no sampler has such a name")
    scores = next(iter(result["samplers"].values()))["scores"]
    head = [
        "sampler / steps",
        "calls",
        "s per 1000",
        "energy",
        "spread",
        "valid",
        *(s["name"] for s in scores),
    ]
    print(budget.markdown(head, rows))


def size(text: str) -> tuple[str, int]:
    """`NAME=N`."""
    name, _, number = text.partition("=")
    return name, int(number)


if __name__ == "__main__":
    main()
