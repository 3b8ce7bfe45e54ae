"""`gsdmc train`: from a program to a model folder."""

from __future__ import annotations

import argparse
import sys
from contextlib import nullcontext
from pathlib import Path
from typing import Any

from gsdmc.cli import options
from gsdmc.cli.output import count, print_json
from gsdmc.cli.progress import ProgressLine, clock

EXAMPLE = """examples:
  gsdmc train bcmf --minutes 5
  gsdmc train bcmf --steps 4000 --vary m,n,k=1..10 --out runs/bcmf-any-size
  gsdmc train bcmf --minutes 5 --layers 2 --loops 4 --no-roles
  gsdmc train bcmf --steps 100000 --plateau 5000 --resume
  gsdmc train my-structure.clj --data simulations.nc --steps 20000
  gsdmc train boolean --set n=4 --steps 400 && gsdmc evaluate runs/boolean
  torchrun --nproc-per-node 4 -m gsdmc train bcmf --minutes 60

The same --steps, settings and seed give the same weights on one machine with one number of threads.
Ctrl-C ends training early and keeps the model as it is. A run that was killed goes on from its last
checkpoint with --resume, to the same weights as if it had not been; DIR/logs/loss.csv holds its loss."""

MINUTES = 5.0

FIGURES = ("seconds", "steps_per_second", "parameters", "loss", "acceleration")
"""What of the metrics is printed with the run's record as JSON."""

Ranges = dict[str, tuple[int, int] | None]


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(commands, "train", "train a network for a program", EXAMPLE)
    options.add_program(parser)
    budget = parser.add_mutually_exclusive_group()
    budget.add_argument("--steps", type=options.positive, metavar="N", help="train for N steps")
    budget.add_argument(
        "--minutes",
        type=options.amount("minutes"),
        metavar="M",
        help=f"train for M minutes (default {MINUTES:g})",
    )
    options.add_seed(parser, "every random number of the run")
    options.add_preset(parser, "the settings, `paper` for those of the GSDM paper")
    parser.add_argument(
        "--batch", type=options.positive, metavar="B", help="examples per pass, on each device"
    )
    parser.add_argument(
        "--accumulate",
        type=options.positive,
        metavar="N",
        help="passes per step, as if the batch were N times as large (default 1)",
    )
    parser.add_argument(
        "--vary",
        type=ranges,
        action="append",
        default=[],
        metavar="SIZES",
        help="sizes to draw per batch: m,n,k from the ranges that the program states, or m,n,k=1..10",
    )
    parser.add_argument(
        "--simulations",
        type=options.positive,
        metavar="N",
        help="train on N joint draws, over and over, rather than on fresh ones",
    )
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="train on the simulations in FILE (.npz, .nc, .zarr, .parquet), arrays by name with simulations "
        "first, rather than on draws of the program, which then is structure alone; what it computes (dirac) "
        "may be missing",
    )
    parser.add_argument(
        "--held-out",
        type=float,
        metavar="SHARE",
        help="share of the simulations in FILE that training leaves out, for evaluate and calibrate (default "
        "0.1; 1000 at most)",
    )
    parser.add_argument(
        "--plateau",
        type=options.positive,
        metavar="N",
        help="end early, once N steps in a row have no lower a mean loss than N steps before",
    )
    parser.add_argument(
        "--config",
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="other settings of the preset's, such as learning_rate=1e-3 ema=0.999; may be repeated",
    )
    parser.add_argument(
        "--out", metavar="DIR", help="the model's folder (default runs/NAME); a model there is replaced"
    )
    parser.add_argument(
        "--resume", action="store_true", help="continue the run in the folder from its last checkpoint"
    )
    parser.add_argument(
        "--save-every",
        type=options.amount("seconds", zero=True),
        metavar="S",
        help="seconds between checkpoints (default 60), which take a fiftieth of the time at most; 0 for one "
        "after every step",
    )
    parser.add_argument(
        "--tensorboard",
        action="store_true",
        help="log for TensorBoard too (the package tensorboard)",
    )
    options.add_device(parser, "auto")
    options.add_network(parser)
    options.add_acceleration(parser)
    options.add_compile_options(parser)
    options.add_json(parser, "the run's record")
    parser.set_defaults(run=run, together=True)


def run(args: argparse.Namespace) -> None:
    """Train and say where the model is."""
    from gsdmc.inference.fit import settings, train, warnings_for
    from gsdmc.inference.simulations.by_heart import SEEN, UNSEEN
    from gsdmc.inference.simulations.keep import NOT_YET
    from gsdmc.training.acceleration import precision_warnings
    from gsdmc.training.checkpoints import EVERY
    from gsdmc.training.devices import choose_device
    from gsdmc.training.launched import launched
    from gsdmc.training.overrides import override

    problem = options.compiled(args, None if args.data is None else NOT_YET)
    config = settings(
        args.preset,
        problem,
        args.batch,
        plateau=args.plateau,
        accumulate=args.accumulate,
        **options.network(args),
        **options.acceleration(args),
    )
    config = settings(override(config, args.config), problem)
    place = launched()
    if place.first:
        found = precision_warnings(config.precision, choose_device(args.device)[0])
        options.show_warnings((*warnings_for(problem, config), *found))
    out = Path(args.out) if args.out else Path("runs") / problem.name
    minutes = args.minutes if args.minutes is not None or args.steps is not None else MINUTES
    progress = ProgressLine(args.steps)
    with progress.stop_on_interrupt() if place.first else nullcontext():
        model = train(
            problem,
            steps=args.steps,
            minutes=minutes,
            seed=args.seed,
            preset=config,
            out=out,
            vary={name: r for given in args.vary for name, r in given.items()},
            simulations=args.simulations,
            data=args.data,
            held_out=args.held_out,
            device=args.device,
            progress=progress if place.first else None,
            resume=args.resume,
            save_every=EVERY if args.save_every is None else args.save_every,
            tensorboard=args.tensorboard,
        )
    if not place.first:
        return
    record, metrics = model.trained.run, model.metrics
    interrupted = progress.stopping or record["ended"] == "interrupted"
    steps = count(record["steps"], "step")
    if interrupted:
        print(f"interrupted: {out} holds the model after {steps}", file=sys.stderr)
    elif record["ended"] == "plateau":
        print(f"the loss no longer falls: training ended after {steps}", file=sys.stderr)
    if args.json:
        figures = {name: metrics[name] for name in (*FIGURES, SEEN, UNSEEN) if name in metrics}
        print_json({"folder": str(out), **record, **figures, "interrupted": interrupted})
        return
    where = metrics["acceleration"]["device"]
    if place.several:
        where += f" by {count(place.size, 'process')}"
    print(f"{out}: {steps} in {clock(metrics['seconds'])} on {where}, {model.parameters:,} parameters")
    if UNSEEN in metrics:
        seen, unseen = (f"{metrics[name]:.4g}" for name in (SEEN, UNSEEN))
        print(f"loss on simulations held out {unseen}, on those trained on {seen}")
    print(f"next: gsdmc evaluate {out}")


def ranges(text: str) -> Ranges:
    """`m,n` or `m,n=1..10` or `m=1..5,n,k=1..10`: a range holds for the names before it that have none."""
    found: Ranges = {}
    waiting: list[str] = []
    for part in text.split(","):
        name, given, span = part.strip().partition("=")
        low, dots, high = span.partition("..")
        if not name or (given and not (dots and low.isdigit() and high.isdigit())):
            raise argparse.ArgumentTypeError(f"expected sizes as m,n or m,n=1..10, got {text!r}")
        waiting.append(name)
        if given:
            found |= dict.fromkeys(waiting, (int(low), int(high)))
            waiting = []
    return found | dict.fromkeys(waiting)
