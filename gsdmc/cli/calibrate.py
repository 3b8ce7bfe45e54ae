"""`gsdmc calibrate`: whether a model's posteriors can be believed."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gsdmc.cli import options
from gsdmc.cli.bar import Bar
from gsdmc.cli.output import print_json, replacing

if TYPE_CHECKING:
    from gsdmc.inference.diagnostics.calibration import Calibration

EXAMPLE = """examples:
  gsdmc calibrate runs/eight_schools -n 1000 --out calibration
  gsdmc calibrate runs/hmm --query subset:x --draws 199 --arrays theta
  gsdmc calibrate runs/two_moons --c2st --json

The program draws problems, the model draws posteriors for each. Ranks of the truth among its posterior draws
are uniform, and intervals cover as much as they say, where the model is right."""

FIGURES, RANKS, COVERAGE = "calibration.json", "ranks.png", "coverage.png"


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(
        commands, "calibrate", "check a model's posteriors on simulated problems", EXAMPLE
    )
    parser.add_argument("model", metavar="MODEL", help="a model folder that train wrote")
    parser.add_argument(
        "--query",
        action="append",
        metavar="QUERY",
        help="what of each problem is given: E or A,E, subset:A,E, any or program, as for compile --given "
        "(default: what training observed); may be repeated",
    )
    parser.add_argument(
        "-n", dest="number", type=options.positive, default=1000, metavar="N", help="problems (default 1000)"
    )
    options.add_draws(parser)
    parser.add_argument("--arrays", metavar="NAMES", help="arrays to look at, as A,R (default: all)")
    parser.add_argument(
        "--c2st",
        action="store_true",
        help="classifiers between true and drawn joint values; needs scikit-learn",
    )
    options.add_seed(parser, "problems, queries and draws")
    options.add_calls(parser)
    options.add_sizes(parser)
    options.add_data(parser)
    options.add_device(parser, "cpu")
    options.add_dtype(parser)
    parser.add_argument(
        "--restore",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="recompute dirac variables from their sampled parents (default on)",
    )
    parser.add_argument(
        "--no-strict",
        dest="strict",
        action="store_false",
        help="allow queries that training left out",
    )
    parser.add_argument("--out", metavar="DIR", help=f"write {FIGURES}, {RANKS} and {COVERAGE} there")
    options.add_json(parser, "the figures")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Calibrate, write what was asked for, and print.

    Raises:
        GsdmcError: no model, or a query or an array that it doesn't have.
    """
    from gsdmc.inference.folder import load

    folder = prepared(args.out)
    model = load(args.model, args.device, args.dtype, data=args.data).resized(**dict(args.sizes))
    bar = Bar(args.number, "calibrating")
    calibration = model.calibrate(
        args.number,
        num_draws=args.draws,
        given=args.query,
        arrays=None if args.arrays is None else [name.strip() for name in args.arrays.split(",")],
        seed=args.seed,
        steps=args.steps,
        restore=args.restore,
        strict=args.strict,
        progress=bar,
    )
    bar.close()
    if args.c2st:
        calibration = calibration.with_c2st()
    if folder is not None:
        write(calibration, folder)
    if args.json:
        print_json(calibration.to_json())
    else:
        print(calibration)


def prepared(out: str | None) -> Path | None:
    """The folder to write to, made before any work.

    Raises:
        GsdmcError: it is a file.
    """
    from gsdmc.language.source import GsdmcError

    if out is None:
        return None
    folder = Path(out)
    if folder.exists() and not folder.is_dir():
        raise GsdmcError(f"{folder} is a file; figures and plots need a folder", hint="choose another --out")
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def write(calibration: Calibration, folder: Path) -> None:
    """Figures and plots, each file whole or not at all."""
    import json

    from gsdmc.inference.diagnostics.plots import draw_coverage, draw_ranks

    with replacing(folder / FIGURES) as path:
        path.write_text(json.dumps(calibration.to_json(), indent=1) + "\n", encoding="utf-8")
    with replacing(folder / RANKS) as path:
        draw_ranks(calibration, path)
    with replacing(folder / COVERAGE) as path:
        draw_coverage(calibration, path)
