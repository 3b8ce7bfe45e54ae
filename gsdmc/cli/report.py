"""`gsdmc report`: one page of HTML about a run."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from gsdmc.cli import options
from gsdmc.cli.bar import Bar, sampling_bar
from gsdmc.cli.output import check_writable, replacing

EXAMPLE = """examples:
  gsdmc report runs/bcmf
  gsdmc report runs/eight_schools --calibrate 500 --out schools.html
  gsdmc report runs/bcmf --set m=8 n=7 --problems 0

The page needs nothing else: it opens offline and can be mailed. It shows the program with its plates, graph
and mask, training, figures on fresh problems, samples for one of them beside the truth, calibration,
settings, and what the run ran on. A calibration that `gsdmc calibrate RUN --out RUN/calibration` wrote is
shown as it is."""

PAGE = "report.html"


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(commands, "report", "write one page of HTML about a run", EXAMPLE)
    parser.add_argument("model", metavar="MODEL", help="a model folder that train wrote")
    parser.add_argument(
        "-o",
        "--out",
        metavar="FILE.html",
        help=f"where to write the page (default: {PAGE} in the model's folder)",
    )
    parser.add_argument(
        "--problems",
        type=options.whole,
        default=128,
        metavar="N",
        help="fresh problems to score the network on; 0 for none (default 128)",
    )
    parser.add_argument(
        "-n",
        dest="samples",
        type=options.whole,
        default=64,
        metavar="N",
        help="posterior samples of the problem that is shown; 0 for none (default 64)",
    )
    parser.add_argument(
        "--calibrate",
        type=options.whole,
        default=0,
        metavar="N",
        help="calibrate on N simulated problems (default 0: show what calibrate wrote, if anything)",
    )
    options.add_draws(parser)
    parser.add_argument(
        "--calibration",
        metavar="DIR",
        help="show the calibration in this folder, which calibrate --out wrote",
    )
    options.add_seed(parser, "problems, queries and samples")
    options.add_calls(parser)
    options.add_sizes(parser)
    options.add_data(parser)
    options.add_device(parser, "cpu")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compute, write the page, and print where it is.

    Raises:
        GsdmcError: no run, or a page that can't be written.
    """
    from gsdmc.inference.folder import load
    from gsdmc.inference.page.gather import gather
    from gsdmc.inference.page.page import page
    from gsdmc.language.source import GsdmcError

    if args.calibrate and args.calibration is not None:
        raise GsdmcError(
            "--calibrate computes a calibration and --calibration shows another", hint="leave one of them out"
        )
    folder = Path(args.model)
    model = load(folder, args.device, data=args.data).resized(**dict(args.sizes))
    usual = folder / PAGE if folder.is_dir() else Path(f"{folder.name}-{PAGE}")  # one that comes along
    out = usual if args.out is None else Path(args.out)
    if not out.name.endswith((".html", ".htm")):
        raise GsdmcError(f"{out} is no name for a page", hint="end it in .html")
    check_writable(str(out))
    calls = args.steps or model.trained.config.sampler.steps
    bar = Bar(args.calibrate, "calibrating")
    with sampling_bar(args.problems + args.samples, calls, "sampling") as trace:
        contents = gather(
            model,
            folder,
            problems=args.problems,
            samples=args.samples,
            calibrate=args.calibrate,
            draws=args.draws,
            calibration=None if args.calibration is None else Path(args.calibration),
            seed=args.seed,
            steps=args.steps,
            trace=trace,
            progress=bar,
        )
    bar.close()
    with replacing(out) as path:
        path.write_text(page(contents), encoding="utf-8")
    print(out)
