"""`gsdmc simulate`: joint samples of a program."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from gsdmc.cli import options
from gsdmc.cli.output import (
    NETCDF,
    as_lists,
    check_arrays_path,
    print_json,
    table,
    write_arrays,
    write_dataset,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from numpy.typing import NDArray

EXAMPLE = """example:
  gsdmc simulate bcmf -n 1000 --seed 1 -o draws.npz"""


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(commands, "simulate", "draw joint samples of a program", EXAMPLE)
    options.add_program(parser)
    options.add_compile_options(parser)
    parser.add_argument(
        "-n", dest="number", type=options.positive, default=16, metavar="N", help="samples (default 16)"
    )
    options.add_seed(parser, "the draws")
    parser.add_argument("-o", "--output", metavar="FILE", help="write them to FILE.npz, FILE.nc or FILE.json")
    options.add_json(parser, "the samples")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Draw, then write or print."""
    from gsdmc.inference.dimensions import dimensions

    check_arrays_path(args.output)
    problem = options.compiled(args)
    arrays = {name: t.numpy() for name, t in problem.simulate(args.number, args.seed).items()}
    dims = {name: list(own) for name, own in dimensions(problem.graph).items()}
    about = {"program": problem.name, "sizes": problem.sizes, "seed": args.seed, "dims": dims}
    if args.output and args.output.endswith(NETCDF):
        from gsdmc.inference.formats.netcdf import as_dataset

        sizes = ", ".join(f"{name}={size}" for name, size in problem.sizes.items())
        plain = {"program": problem.name, "sizes": sizes, "seed": str(args.seed)}
        named = {name: tuple(own) for name, own in dims.items()}
        write_dataset(args.output, as_dataset(arrays, named, plain))
    elif args.output:
        write_arrays(args.output, arrays, about)
    if args.json:
        print_json({**about, "arrays": {name: as_lists(a) for name, a in arrays.items()}})
    elif not args.output:
        print(summary(arrays, dims))


def summary(arrays: Mapping[str, NDArray[Any]], dims: Mapping[str, list[str]]) -> str:
    """A line per array: its dimensions, and figures pooled over all of them."""
    rows = []
    for name, array in arrays.items():
        numbers = array.astype(float)
        shape = ", ".join(f"{d}={n}" for d, n in zip(dims[name], array.shape, strict=True))
        figures = numbers.mean(), numbers.std(), numbers.min(), numbers.max()
        rows.append((name, shape, *(f"{figure:.4g}" for figure in figures)))

    return table(("Variable", "Dimensions", "Mean", "SD", "Least", "Largest"), rows, right=(2, 3, 4, 5))
