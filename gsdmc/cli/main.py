"""The command `gsdmc`: arguments in, exit code out.

Commands import what they run when they run, so that help and usage errors come at once.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from contextlib import ExitStack, redirect_stderr, redirect_stdout
from importlib.metadata import PackageNotFoundError, version

from gsdmc.cli import calibrate, completion, doctor, evaluate, log_prob, new, report, sample, simulate, train
from gsdmc.cli import compile as compile_command
from gsdmc.cli.options import bundled_names, one_each
from gsdmc.training.launched import launched

OK, USER, USAGE, INTERRUPTED = 0, 1, 2, 130

COMMANDS = (
    new,
    compile_command,
    simulate,
    train,
    sample,
    log_prob,
    evaluate,
    calibrate,
    report,
    doctor,
    completion,
)

DESCRIPTION = """Compile a generative program into a neural solver for it.

A program names random variables and how they relate. gsdmc compiles it into a sparse graph, trains
a diffusion model whose attention follows that graph, and samples any variables given others."""

EPILOG = """examples:
  gsdmc new line && gsdmc compile line.clj
  gsdmc compile bcmf --draw-mask mask.png
  gsdmc train bcmf --minutes 5
  gsdmc sample runs/bcmf --evidence E=E.npy -n 10 -o samples.npz
  gsdmc evaluate runs/bcmf

exit codes: 0 ok, 1 something in your program, files or evidence, 2 usage, 130 interrupted
results go to standard output, everything else to standard error; progress shows on terminals alone

bundled programs: {programs}"""


def build_parser() -> argparse.ArgumentParser:
    """The parser of all commands."""
    parser = argparse.ArgumentParser(
        prog="gsdmc",
        description=DESCRIPTION,
        epilog=EPILOG.format(programs=", ".join(bundled_names())),
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"gsdmc {_version()}")
    commands = parser.add_subparsers(title="commands", metavar="COMMAND", required=True)
    for module in COMMANDS:
        module.add(commands)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run a command; the exit code."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a terminal without Unicode shows ? in its place
            stream.reconfigure(errors="replace")
    place = launched()
    with ExitStack() as stack:
        if not place.first:  # what all would say of the arguments the first one says
            nobody = stack.enter_context(open(os.devnull, "w", encoding="utf-8"))
            stack.enter_context(redirect_stdout(nobody))
            stack.enter_context(redirect_stderr(nobody))
        args = build_parser().parse_args(one_each(sys.argv[1:] if argv is None else argv))
    try:
        if place.several:
            _check_together(args)
        args.run(args)
        sys.stdout.flush()
    except KeyboardInterrupt:
        if place.first:
            print("interrupted", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # the reader left, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return OK
    except Exception as error:
        if args.traceback:
            raise
        text = _describe(error)
        said = _said_once(text) if place.several else text
        if said is not None:
            print(said, file=sys.stderr)
        return USER
    return OK


def _check_together(args: argparse.Namespace) -> None:
    """Refuse to run a command in several processes that would each do all of it.

    Raises:
        GsdmcError: it is another one than train.
    """
    from gsdmc.language.source import GsdmcError

    if not getattr(args, "together", False):
        raise GsdmcError(
            "torchrun's processes share the work of gsdmc train alone", hint="leave out torchrun"
        )


def _said_once(text: str) -> str | None:
    from gsdmc.training.distributed import say_once

    return say_once(text)


def _describe(error: Exception) -> str:
    from gsdmc.language.diagnostics import render
    from gsdmc.language.source import GsdmcError

    if isinstance(error, GsdmcError):
        return render(error, color=sys.stderr.isatty() and "NO_COLOR" not in os.environ)
    if isinstance(error, OSError):
        place = f"{error.filename}: " if error.filename else ""
        return f"error: {place}{error.strerror or error}"
    if isinstance(error, MemoryError):
        return "error: out of memory\nhelp: smaller sizes, a smaller batch or fewer samples need less"
    kind = type(error).__name__
    return f"error: {kind}: {error}\nhelp: this is a fault of gsdmc; --traceback shows where it happened"


def _version() -> str:
    try:
        return version("gsdmc")
    except PackageNotFoundError:
        return "unknown"


if __name__ == "__main__":
    sys.exit(main())
