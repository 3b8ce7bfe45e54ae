"""`gsdmc log-prob`: log probabilities of values under a model, given evidence."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from gsdmc.cli import options
from gsdmc.cli.output import as_lists, check_arrays_path, print_json, table, write_arrays

if TYPE_CHECKING:
    from gsdmc.inference.log_prob import LogProb

EXAMPLE = """examples:
  gsdmc log-prob runs/model --values values.npz
  gsdmc log-prob runs/model --values samples.npz --evidence x=x.npy --json
  gsdmc log-prob runs/model --values values.npz --method bound --samples 1024 -o scores.npz

Values are files as those of evidence, and so is what sample writes; their first dimension counts joint
values. What is evidence may be left out. The method is any-order (exact) where all that is inferred is
discrete and masked, flow (a density, with its numerical error) where it is real, else bound (a lower bound,
with its standard error)."""

METHODS = ("auto", "bound", "any-order", "flow")
SHOWN = 20
"""Rows that are printed."""


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(commands, "log-prob", "log probabilities of values given evidence", EXAMPLE)
    parser.add_argument("model", metavar="MODEL", help="a model folder that train wrote")
    for name, text in (("values", "what to score"), ("evidence", "what is known")):
        parser.add_argument(
            f"--{name}",
            action="append",
            default=[],
            metavar="[NAME=]FILE",
            help=f"{text}; repeatable",
            required=name == "values",
        )
    parser.add_argument("--method", choices=METHODS, default="auto", help="how to compute it (default auto)")
    options.add_seed(parser, "times, noise, orders and probes")
    for name, usual, text in (
        ("samples", 128, "network calls per row of bound"),
        ("orders", 1, "random orders that any-order averages over"),
        ("steps", 40, "solver steps of flow"),
    ):
        parser.add_argument(
            f"--{name}", type=options.positive, default=usual, metavar="N", help=f"{text} (default {usual})"
        )
    parser.add_argument(
        "--least-noise",
        type=float,
        metavar="X",
        help="where bound and flow leave off, as a share of each array's scale; a sharper network takes less",
    )
    options.add_sizes(parser)
    options.add_device(parser, "cpu")
    parser.add_argument(
        "--no-strict",
        dest="strict",
        action="store_false",
        help="allow queries that training left out",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write value and error to FILE.npz or FILE.json"
    )
    options.add_json(parser, "them")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Score, then write or print."""
    from gsdmc.inference.evidence.read_evidence import read_evidence
    from gsdmc.inference.folder import load

    check_arrays_path(args.output)
    model = load(args.model, args.device).resized(**dict(args.sizes))
    found = model.log_prob(
        read_evidence(args.values),
        read_evidence(args.evidence),
        method=args.method,
        seed=args.seed,
        samples=args.samples,
        orders=args.orders,
        steps=args.steps,
        least_noise=args.least_noise,
        strict=args.strict,
    )
    about = {"program": model.problem.name, "method": found.method, "unit": found.unit, "seed": args.seed}
    arrays = {"value": found.value, "error": found.error}
    if args.output:
        write_arrays(args.output, arrays, about)
    if args.json:
        print_json({**about, "arrays": {name: as_lists(a) for name, a in arrays.items()}})
    elif not args.output:
        print(describe(found))


def describe(found: LogProb) -> str:
    """The first rows, and the mean of all."""
    rows = [
        [str(i), f"{value:.4f}", f"{error:.2g}"]
        for i, (value, error) in enumerate(zip(found.value[:SHOWN], found.error, strict=False))
    ]
    shown = table(("row", f"log p ({found.unit})", "error"), rows, right=(0, 1, 2))
    more = f"\n... of {len(found.value)} rows" if len(found.value) > SHOWN else ""
    what = {"bound": "lower bound", "any-order": "any order", "flow": "probability flow"}[found.method]
    return f"{shown}{more}\n\nmean {found.value.mean():.4f} {found.unit}, by {what}"
