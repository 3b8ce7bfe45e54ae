"""`gsdmc sample`: posterior samples from a model and evidence."""

from __future__ import annotations

import argparse
import json
import sys
import warnings
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gsdmc.cli import options
from gsdmc.cli.bar import sampling_bar
from gsdmc.cli.output import (
    NETCDF,
    as_lists,
    check_arrays_path,
    count,
    print_json,
    write_arrays,
    write_dataset,
)
from gsdmc.cli.refinement import add_refinement

if TYPE_CHECKING:
    from gsdmc.inference.samples import Samples

EXAMPLE = """examples:
  gsdmc sample runs/bcmf --evidence E=E.npy -n 10 --seed 1 -o samples.npz
  gsdmc sample runs/sudoku --evidence puzzle.json --repair 20 --json
  gsdmc sample runs/inversion --evidence A=A.npy --evidence E=E.npy --polish
  gsdmc sample runs/bcmf --evidence E=E.csv --evidence R=R.csv --no-strict
  echo '{"y": [1, null, 3]}' | gsdmc sample runs/line --evidence - -n 100 -o samples.nc

Evidence is NAME=FILE for one array (.npy, .csv, .json or .npz), or FILE for arrays by name (.npz or .json);
- for FILE is JSON from standard input. FILE.nc, netCDF, takes the extra netcdf and keeps names of dimensions.
NaN, null and an empty cell are missing entries. The numbers of a vector stand in the last dimension, and a
vector is known as a whole or not at all. Sizes of free plates follow the evidence's shapes."""

PRINTED = 64
"""Largest array whose means are printed in full."""


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(commands, "sample", "draw posterior samples given evidence", EXAMPLE)
    parser.add_argument("model", metavar="MODEL", help="a model folder that train wrote")
    parser.add_argument(
        "--evidence",
        action="append",
        default=[],
        metavar="[NAME=]FILE",
        help="what is known; repeatable",
    )
    parser.add_argument(
        "-n", dest="number", type=options.positive, default=1, metavar="N", help="samples (default 1)"
    )
    parser.add_argument(
        "--batched",
        action="store_true",
        help="the first dimension of every array of the evidence counts data sets; each gets N samples",
    )
    parser.add_argument(
        "--memory",
        type=options.amount("GiB"),
        metavar="GIB",
        help="GiB that the network may work in; samples are drawn in parts that fit",
    )
    options.add_seed(parser, "the samples")
    options.add_calls(parser)
    parser.add_argument(
        "--sampler",
        type=sampler_setting,
        action="append",
        default=[],
        metavar="FIELD=VALUE",
        help="a setting of the sampler, as solver=heun, or auto for what fits the program; repeatable",
    )
    options.add_sizes(parser)
    options.add_device(parser, "cpu")
    options.add_dtype(parser)
    parser.add_argument(
        "--restore",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="recompute dirac variables from their sampled parents (default); or keep the network's values",
    )
    add_refinement(parser)
    parser.add_argument(
        "--no-strict",
        dest="strict",
        action="store_false",
        help="allow queries that training left out, and evidence that the program forbids",
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", help="write the samples to FILE.npz, FILE.nc or FILE.json"
    )
    options.add_json(parser, "the samples")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Sample, then write or print."""
    from gsdmc.inference.evidence.read_evidence import read_evidence
    from gsdmc.inference.folder import load
    from gsdmc.inference.model import EvidenceWarning

    check_arrays_path(args.output)
    model = load(args.model, args.device, args.dtype).resized(**dict(args.sizes))
    calls = args.steps or model.trained.config.sampler.steps
    evidence = read_evidence(args.evidence)
    with warnings.catch_warnings(), sampling_bar(args.number, calls) as trace:
        warnings.simplefilter("ignore", EvidenceWarning)  # the report has them, with their places
        samples = model.sample(
            evidence,
            num_samples=args.number,
            batched=args.batched,
            memory=None if args.memory is None else int(args.memory * 2**30),
            seed=args.seed,
            steps=args.steps,
            restore=args.restore,
            repair=args.repair,
            polish=args.polish,
            strict=args.strict,
            sampler=dict(args.sampler) or None,
            trace=trace,
        )
    options.show_warnings(samples.report.warnings)
    report = replace(samples.report, warnings=())
    if args.restore:
        print(report, file=sys.stderr)
    about = {
        "program": model.problem.name,
        "sizes": samples.problem.sizes,
        "seed": args.seed,
        "network_calls": trace.per_sample,
        "restored": samples.is_restored,
        "valid": samples.valid.tolist(),
        "report": samples.report.to_json(),
        "dims": {name: list(dims) for name, dims in samples.dims.items()},
    }
    if args.output and args.output.endswith(NETCDF):
        plain = {"seed": str(args.seed), "network_calls": f"{trace.per_sample:.6g}"}
        write_dataset(args.output, samples.to_xarray().assign_attrs(plain))
    elif args.output:
        write_arrays(args.output, samples, about)
    if args.json:
        print_json({**about, "arrays": {name: as_lists(a) for name, a in samples.items()}})
    elif not args.output:
        print(describe(samples))
        print(f"\n{trace.per_sample:.4g} network calls per sample")


def sampler_setting(text: str) -> tuple[str, Any]:
    """`FIELD=VALUE`, the value JSON or a word, or `auto`."""
    if text == "auto":
        return text, True
    name, found, value = text.partition("=")
    if not found or not name:
        raise argparse.ArgumentTypeError(f"expected FIELD=VALUE or auto, got {text!r}")
    try:
        return name, json.loads(value)
    except ValueError:
        return name, value


def describe(samples: Samples) -> str:
    """The samples' means, where arrays are small, and what verification says."""
    import numpy as np

    parts = [f"{samples!r}"[1:-1]]
    for name, array in samples.items():
        mean = array.astype(float).mean(axis=len(samples.leading) - 1)
        if bool(samples.observed[name].all()) or mean.size > PRINTED:
            continue
        shown = np.array2string(mean, precision=3, suppress_small=True)
        parts.append(f"{name}, {'mean' if samples.num_samples > 1 else 'sampled'}:\n{shown}")
    kind = "restored samples" if samples.is_restored else "network samples"
    valid = f"all of it holds in {int(samples.valid.sum())} of {count(samples.valid.size, 'sample')}"
    return "\n\n".join([*parts, f"{kind} against the program:\n{samples.verify()}\n{valid}"])
