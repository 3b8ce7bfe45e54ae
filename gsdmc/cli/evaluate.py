"""`gsdmc evaluate`: scores of a model on fresh problems."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from gsdmc.cli import options
from gsdmc.cli.output import count, print_json, table

if TYPE_CHECKING:
    from gsdmc.inference.evaluate import Evaluation

EXAMPLE = """example:
  gsdmc evaluate runs/bcmf -n 256
  gsdmc evaluate runs/bcmf --set m=20 --set n=20 --json

Each fresh draw of the program gives one query, and gets one network sample. Figures are of the network's
own values and, beside them, of the same samples with dirac variables recomputed from their parents."""

HEADER = ("", "Network", "Restored")


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
    options.add_json(parser, "the scores")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Evaluate and print."""
    from gsdmc.inference.folder import load

    model = load(args.model).resized(**dict(args.sizes))
    evaluation = model.evaluate(args.number, seed=args.seed, steps=args.steps)
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
        rows = [
            (s.name, *(_figure(v, s.share) for v in (s.raw, s.restored)), _figure(s.prior, s.share))
            for s in e.scores
        ]
        shown = 4 if any(s.prior is not None for s in e.scores) else 3
        header = ("Score", *HEADER[1:], "Prior")
        parts.append(table(header[:shown], [row[:shown] for row in rows], right=(1, 2, 3)))
    checks = _consistency(e)
    if checks:
        parts.append(table(("Self-consistency", *HEADER[1:]), checks, right=(1, 2)))
    if e.recovery:
        parts.append(table(("Agreement with the truth", *HEADER[1:]), _recovery(e), right=(1, 2)))
    return "\n\n".join(parts)


def _consistency(e: Evaluation) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = []
    for name, raw in e.raw.dirac.items():
        restored = e.restored.dirac[name]
        rows.append((f"{name}: residual (RMS)", _figure(raw.rms), _figure(restored.rms)))
        if raw.exact is not None:
            rows.append((f"{name}: exact", _figure(raw.exact, True), _figure(restored.exact, True)))
    for name, held in e.raw.factors.items():
        again = e.restored.factors[name]
        pairs = {"instances": (held.instances, again.instances), "samples": (held.samples, again.samples)}
        rows += [(f"{name}: {of} hold", *(_figure(v, True) for v in pair)) for of, pair in pairs.items()]

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
