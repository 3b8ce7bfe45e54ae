"""`gsdmc evaluate`: scores of a model on fresh problems."""

from __future__ import annotations

import argparse
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


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(commands, "evaluate", "score a model on fresh problems", EXAMPLE)
    parser.add_argument("model", metavar="MODEL", help="a model folder that train wrote")
    parser.add_argument(
        "-n", dest="number", type=options.positive, default=256, metavar="N", help="problems (default 256)"
    )
    options.add_seed(parser, "problems, queries and samples")
    options.add_calls(parser)
    options.add_sizes(parser)
    options.add_data(parser)
    options.add_device(parser, "cpu")
    options.add_dtype(parser)
    add_refinement(parser)
    options.add_json(parser, "the scores")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Evaluate and print."""
    from gsdmc.inference.folder import load

    model = load(args.model, args.device, args.dtype, data=args.data).resized(**dict(args.sizes))
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
    from gsdmc.inference.evaluation_tables import tables

    sizes = ", ".join(f"{k}={v}" for k, v in e.sizes.items())
    parts = [
        f"{e.program}{f' ({sizes})' if sizes else ''}, {e.query}: {e.problems} fresh problems, "
        f"one sample each, {count(e.steps, 'network call')}, seed {e.seed}"
    ]
    parts += [table(t.header, t.rows, right=range(1, len(t.header))) for t in tables(e)]
    if e.report is not None:
        parts.append(str(replace(e.report, restore=None)))
    return "\n\n".join(parts)
