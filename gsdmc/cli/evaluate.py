"""`gsdmc evaluate`: scores of a model on fresh problems."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gsdmc.cli import options
from gsdmc.cli.bar import sampling_bar
from gsdmc.cli.output import count, print_json, table
from gsdmc.cli.refinement import add_refinement

if TYPE_CHECKING:
    from gsdmc.inference.evaluate import Evaluation

EXAMPLE = """example:
  gsdmc evaluate runs/bcmf -n 256
  gsdmc evaluate runs/bcmf --set m=20 --set n=20 --json

Each fresh draw of the program gives one query, and gets one network sample. Figures are of the network's
own values and, beside them, of the same samples with dirac variables recomputed from their parents; with
--repair or --polish also of the samples after that."""

HEADER = ("Network", "Restored", "Refined")


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(commands, "evaluate", "score a model on fresh problems", EXAMPLE)
    parser.add_argument("model", metavar="MODEL", help="a model folder that train wrote")
    parser.add_argument(
        "-n", dest="number", type=options.positive, default=256, metavar="N", help="problems (default 256)"
    )
    options.add_seed(parser, "problems, queries and samples")
    parser.add_argument(
        "--steps", type=options.positive, metavar="N", help="network calls (default: the model's own number)"
    )
    options.add_sizes(parser)
    options.add_device(parser, "cpu")
    add_refinement(parser)
    options.add_json(parser, "the scores")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Evaluate and print."""
    from gsdmc.inference.folder import load

    model = load(args.model, args.device).resized(**dict(args.sizes))
    calls = args.steps or model.trained.config.sampler.steps
    with sampling_bar(args.number, calls, "evaluating") as trace:
        evaluation = model.evaluate(
            args.number, seed=args.seed, steps=args.steps, repair=args.repair, polish=args.polish, trace=trace
        )
    if args.json:
        print_json(evaluation.to_json())
    else:
        print(describe(evaluation))


def describe(e: Evaluation) -> str:
    """The evaluation as text."""
    sizes = ", ".join(f"{k}={v}" for k, v in e.sizes.items())
    parts = [
        f"{e.program}{f' ({sizes})' if sizes else ''}, {e.query}: {e.problems} fresh problems, "
        f"one sample each, {count(e.steps, 'network call')}, seed {e.seed}"
    ]
    if e.scores:
        has_prior = any(s.prior is not None for s in e.scores)
        rows = []
        for s in e.scores:
            figures = (s.raw, s.restored, s.refined)[: len(e.valid)]
            rows.append((s.name, *(_figure(v, s.share) for v in (*figures, *[s.prior] * has_prior))))
        header = ("Score", *HEADER[: len(e.valid)], *["Prior"] * has_prior)
        parts.append(table(header, rows, right=(1, 2, 3, 4)))
    checks = _consistency(e)
    if checks:
        parts.append(table(("Self-consistency", *HEADER[: len(e.valid)]), checks, right=(1, 2, 3)))
    if e.recovery:
        parts.append(table(("Agreement with the truth", *HEADER[:2]), _recovery(e), right=(1, 2)))
    if e.report is not None:
        parts.append(str(replace(e.report, restore=None)))
    return "\n\n".join(parts)


def _consistency(e: Evaluation) -> list[tuple[str, ...]]:
    versions = [e.raw, e.restored, *([] if e.refined is None else [e.refined])]
    rows: list[tuple[str, ...]] = []

    def add(name: str, figures: Sequence[float | None], share: bool = False) -> None:
        rows.append((name, *(_figure(v, share) for v in figures)))

    for name, raw in e.raw.dirac.items():
        add(f"{name}: residual (RMS)", [v.dirac[name].rms for v in versions])
        if raw.exact is not None:
            add(f"{name}: exact", [v.dirac[name].exact for v in versions], True)
    for name in e.raw.factors:
        add(f"{name}: instances hold", [v.factors[name].instances for v in versions], True)
        add(f"{name}: samples hold", [v.factors[name].samples for v in versions], True)
    if rows:
        add("samples in which all holds", e.valid, True)
    return rows


def _recovery(e: Evaluation) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, r in e.recovery.items():
        if r.rms is not None:
            rows.append((f"{name}: error (RMS)", *map(_figure, r.rms)))
        if r.elements is not None and r.samples is not None:
            rows.append((f"{name}: elements right", *(_figure(v, True) for v in r.elements)))
            rows.append((f"{name}: samples all right", *(_figure(v, True) for v in r.samples)))
    return rows


def _figure(value: float | None, share: bool = False) -> str:
    if value is None:
        return ""
    return f"{100 * value:.4g} %" if share else f"{value:.4g}"
