"""Options that several commands share."""

from __future__ import annotations

import argparse
import json
import math
import os
import re
import sys
import textwrap
from collections.abc import Callable, Iterable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gsdmc.compiler import Problem
    from gsdmc.compiler.simulator import Kept
    from gsdmc.language.source import GsdmcWarning

Setting = tuple[str, Any]
SETTING = re.compile(r"[^-=/\s][^=/\s]*=")
"""How a setting begins: a name, which no path is, and a sign of equality."""

SEVERAL = ("--set", "--config")
"""Options that several settings may follow."""

FILE = "@"
"""What marks a value of --set as a file's name."""

PRESETS = ("default", "paper")
"""Names of the presets, as in `gsdmc.training.presets`, which takes seconds to import."""

DTYPES = ("float32", "float64", "bfloat16")
"""As in `gsdmc.training.precision`, which takes seconds to import."""

WIDTH = 100
"""Columns that a warning fills."""


def bundled_names() -> list[str]:
    """Programs that come with gsdmc, found without the compiler, which takes seconds to import."""
    from gsdmc import programs

    return programs.names()


def new_parser(commands: Any, name: str, help_text: str, example: str) -> argparse.ArgumentParser:
    """A command's parser, with `--traceback`."""
    parser: argparse.ArgumentParser = commands.add_parser(
        name,
        help=help_text,
        description=help_text[0].upper() + help_text[1:] + ".",
        epilog=example,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--traceback", action="store_true", help="show where in gsdmc an error arose")
    return parser


def add_program(parser: argparse.ArgumentParser, absent: str = "") -> None:
    """The program, which may be absent where something is said to stand for it, and values for its `def`s."""
    names = ", ".join(bundled_names())
    what = f"a bundled program ({names}), a path, a compiled problem (FILE.gsdm), or - for standard input"
    parser.add_argument(
        "program",
        metavar="PROGRAM",
        nargs="?" if absent else None,
        help=f"{what}; without one, {absent}" if absent else what,
    )
    parser.add_argument(
        "--set",
        dest="settings",
        metavar="NAME=VALUE",
        type=setting,
        action="append",
        default=[],
        help="the value of a def: a number, true, false, [1, 2, 3], or @FILE.npy for data; several may "
        "follow, and it may be repeated",
    )


def one_each(argv: Sequence[str]) -> list[str]:
    """Arguments in which `--set a=1 b=2` is `--set a=1 --set b=2`, and `--config` likewise.

    What follows a setting and is none, such as a program, stays what it is, which argparse could not tell.
    """
    found: list[str] = []
    option = ""  # whose settings come now
    for number, argument in enumerate(argv):
        if argument == "--":
            return [*found, *argv[number:]]
        begun = bool(found) and found[-1] in SEVERAL
        if not begun and option and SETTING.match(argument):
            found.append(option)
        elif not begun:
            name = argument.partition("=")[0]
            option = name if name in SEVERAL else ""
        found.append(argument)
    return found


def add_compile_options(parser: argparse.ArgumentParser) -> None:
    """Options that stay with the problem, and with every model trained on it."""
    group = parser.add_argument_group(
        "compile-time options, kept with the problem",
        "Those of a compiled problem hold where none of these replaces them.\n"
        "All but the first and the last are for ablations.",
    )
    group.add_argument(
        "--given",
        action="append",
        metavar="QUERY",
        help="what training draws queries from, in place of the program's: E or A,E for arrays that are "
        "always observed, subset:A,E for a random subset of arrays, any for every subset, program for the "
        "program's own; may be repeated",
    )
    group.add_argument(
        "--embedding",
        action="append",
        metavar="[PLATE=]CLASS",
        help="what tells replicas apart: exchangeable, array or independent, for all plates or for one; "
        "derived for what the program says; may be repeated",
    )
    group.add_argument(
        "--mask",
        metavar="MASK",
        help="what to attend along: program, dense, random:20 for 20 nodes drawn at random, random:20:SEED",
    )
    group.add_argument(
        "--symmetrise",
        action=argparse.BooleanOptionalAction,
        help="parents attend to their children too, not only children to parents (default on)",
    )
    group.add_argument(
        "--intermediates",
        action=argparse.BooleanOptionalAction,
        help="dirac variables are nodes of the graph, not mere computation (default on)",
    )
    group.add_argument(
        "--limit",
        dest="limits",
        metavar="NAME=N",
        type=limit,
        action="append",
        help="raise a limit: nesting, steps, size, unrolled, table, nodes or edges; may be repeated",
    )


def add_sizes(parser: argparse.ArgumentParser) -> None:
    """Sizes to run a model at."""
    parser.add_argument(
        "--set",
        dest="sizes",
        metavar="NAME=SIZE",
        type=size,
        action="append",
        default=[],
        help="a size of the program, where it is free; several may follow, and it may be repeated",
    )


def add_calls(parser: argparse.ArgumentParser) -> None:
    """`--steps` of sampling."""
    parser.add_argument(
        "--steps", type=positive, metavar="N", help="network calls (default: the model's own number)"
    )


def add_draws(parser: argparse.ArgumentParser) -> None:
    """`--draws` of calibration."""
    parser.add_argument(
        "--draws",
        type=positive,
        default=99,
        metavar="L",
        help="posterior draws for each (default 99)",
    )


def add_data(parser: argparse.ArgumentParser) -> None:
    """Simulations to check a model on."""
    parser.add_argument(
        "--data",
        metavar="FILE",
        help="take problems from the simulations in FILE (.npz, .nc, .zarr, .parquet); default: draws of the "
        "program, or, of a model trained on simulations, those that it held out",
    )


def add_preset(parser: argparse.ArgumentParser, what: str) -> None:
    """`--preset`."""
    usual = PRESETS[0]
    parser.add_argument("--preset", choices=PRESETS, default=usual, help=f"{what} (default {usual})")


def add_network(parser: argparse.ArgumentParser) -> None:
    """Options that change the preset's network."""
    group = parser.add_argument_group("the network, in place of the preset's")
    group.add_argument(
        "--width", type=positive, metavar="N", help="channels per node, a multiple of the heads"
    )
    group.add_argument("--heads", type=positive, metavar="N", help="attention heads")
    group.add_argument(
        "--layers",
        type=positive,
        metavar="N",
        help="attention layers, exactly; otherwise they or the loops grow with the graph's diameter",
    )
    group.add_argument(
        "--loops",
        type=positive,
        metavar="N",
        help="times that the layers are applied, with the same weights (default 1), exactly",
    )
    group.add_argument(
        "--roles",
        action=argparse.BooleanOptionalAction,
        help="attention knows why nodes are neighbours, by a learned bias (default on, but off for `paper`, "
        "whose architecture has none)",
    )


def add_device(parser: argparse.ArgumentParser, usual: str) -> None:
    """`--device`."""
    parser.add_argument(
        "--device",
        default=usual,
        metavar="DEVICE",
        help="where the network runs: cpu, cuda, cuda:N, or auto for a CUDA device where there is one "
        f"(default {usual})",
    )


def add_dtype(parser: argparse.ArgumentParser) -> None:
    """`--dtype`."""
    parser.add_argument(
        "--dtype",
        choices=DTYPES,
        default=DTYPES[0],
        help=f"what the network computes with; bfloat16 on CUDA devices alone (default {DTYPES[0]})",
    )


def add_acceleration(parser: argparse.ArgumentParser) -> None:
    """Options that change how a training step runs; `gsdmc doctor` says what `auto` comes to."""
    group = parser.add_argument_group("how steps run, each auto if not given")
    group.add_argument("--precision", choices=("auto", "float32", "bfloat16"), help="of matrix products")
    for name, text in (
        ("compile", "run the network's blocks through torch.compile"),
        ("graphs", "run the network as CUDA graphs, where sizes don't vary"),
        ("recompute", "save memory: compute activations again in the backward pass"),
    ):
        group.add_argument(f"--{name}", choices=("auto", "on", "off"), help=text)


def acceleration(args: argparse.Namespace) -> dict[str, Any]:
    """The changes that `add_acceleration` offers, None where there is none."""
    return {name: getattr(args, name) for name in ("precision", "compile", "graphs", "recompute")}


def network(args: argparse.Namespace) -> dict[str, Any]:
    """The changes that `add_network` offers, None where there is none."""
    return {name: getattr(args, name) for name in ("width", "heads", "layers", "loops", "roles")}


def add_seed(parser: argparse.ArgumentParser, what: str) -> None:
    """`--seed`."""
    parser.add_argument("--seed", type=whole, default=0, metavar="S", help=f"seed of {what} (default 0)")


def add_json(parser: argparse.ArgumentParser, what: str) -> None:
    """`--json`."""
    parser.add_argument("--json", action="store_true", help=f"print {what} as JSON")


def setting(text: str) -> Setting:
    """`NAME=VALUE`; the value is JSON, or `@` and a file's name."""
    name, found, value = text.partition("=")
    if not found or not name:
        raise argparse.ArgumentTypeError(f"expected NAME=VALUE, got {text!r}")
    if value.startswith(FILE):
        return name, value
    try:
        parsed = json.loads(value)
    except ValueError:
        parsed = None
    if parsed is None or isinstance(parsed, str | dict):
        raise argparse.ArgumentTypeError(
            f"the value of {name} is a number, true, false, a list or @FILE, not {value!r}"
        )
    return name, parsed


def size(text: str) -> tuple[str, int]:
    """`NAME=SIZE`."""
    name, found, value = text.partition("=")
    if not found or not name or not value.isdigit():
        raise argparse.ArgumentTypeError(f"expected NAME=SIZE, a whole number, got {text!r}")
    return name, int(value)


def limit(text: str) -> tuple[str, int]:
    """`NAME=N`, where digits may be grouped by underscores."""
    name, found, value = text.partition("=")
    digits = value.replace("_", "")
    if not found or not name or not (digits.isascii() and digits.isdigit()):
        raise argparse.ArgumentTypeError(f"expected NAME=N, a whole number, got {text!r}")
    return name, int(digits)


def whole(text: str) -> int:
    """A whole number, 0 or more."""
    if not text.isdigit():
        raise argparse.ArgumentTypeError(f"expected a whole number, 0 or more, got {text!r}")
    return int(text)


def positive(text: str) -> int:
    """A whole number above 0."""
    number = whole(text)
    if number == 0:
        raise argparse.ArgumentTypeError("expected at least 1, got 0")
    return number


def amount(unit: str, *, zero: bool = False) -> Callable[[str], float]:
    """The reader of an amount of some unit: above 0 and finite, or, where `zero` is allowed, 0 or more."""
    wanted = f"{unit}, {'0 or more' if zero else 'above 0'}"

    def read(text: str) -> float:
        try:
            number = float(text)
        except ValueError:
            number = -1.0
        if not (number >= 0 if zero else 0 < number < math.inf):
            raise argparse.ArgumentTypeError(f"expected {wanted}, got {text!r}")
        return number

    return read


def compiled(args: argparse.Namespace, simulator: Kept | None = None) -> Problem:
    """Compile the program that the arguments name, with the options that they choose.

    Args:
        args: the arguments.
        simulator: what makes its joint draws, None for the program.

    Raises:
        GsdmcError: anything that is wrong with it, or with a file of data.
    """
    from gsdmc.compiler import compile_with
    from gsdmc.language.source import GsdmcError

    if args.mask is not None and args.mask.endswith(".png"):
        raise GsdmcError(
            f"there is no mask `{args.mask}`", hint=f"to draw the mask, write --draw-mask {args.mask}"
        )
    changes = {
        name: getattr(args, name) for name in ("given", "embedding", "mask", "symmetrise", "intermediates")
    }
    changes["limits"] = None if args.limits is None else dict(args.limits)
    overrides = {name: data(name, value) for name, value in args.settings}
    program = sys.stdin if args.program == "-" else args.program
    return compile_with(program, overrides, changes, simulator)  # type: ignore[arg-type]


def show_warnings(warnings: Iterable[GsdmcWarning]) -> None:
    """Print warnings to standard error."""
    from gsdmc.language.diagnostics import render

    color = sys.stderr.isatty() and "NO_COLOR" not in os.environ
    for warning in warnings:
        text = render(warning, color)
        if warning.span is None:  # no quoted lines: prose, which may be filled
            filled = (textwrap.fill(line, WIDTH, subsequent_indent="  ") for line in text.splitlines())
            text = "\n".join(filled)
        print(text, file=sys.stderr)


def plain_warnings(warnings: Iterable[GsdmcWarning]) -> list[dict[str, str | None]]:
    """Warnings as JSON has them; a place is that in the program, if there is one."""
    return [
        {"message": w.message, "hint": w.hint, "place": None if w.span is None else str(w.span)}
        for w in warnings
    ]


def data(name: str, value: Any) -> Any:
    """A setting's value, read from its file where it names one.

    Raises:
        GsdmcError: the file can't be read, or lacks entries.
    """
    if not (isinstance(value, str) and value.startswith(FILE)):
        return value
    import numpy as np

    from gsdmc.inference.evidence.cells import read_cells
    from gsdmc.inference.evidence.read_evidence import read_array
    from gsdmc.language.source import GsdmcError

    read = read_array(value[1:], name)
    cells = read_cells(name, read)
    if cells.missing.any():
        raise GsdmcError(f"{value[1:]} lacks entries, but `{name}` is data", hint="fill in every entry")
    kept = isinstance(read, np.ndarray) and read.dtype.kind in "biuf"
    if kept:
        return read
    whole_numbers = bool((cells.values == np.floor(cells.values)).all())
    return cells.values.astype(np.int64) if whole_numbers else cells.values
