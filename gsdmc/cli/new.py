"""`gsdmc new`: a program to start from."""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import Any

from gsdmc.cli import options

EXAMPLE = """examples:
  gsdmc new line && gsdmc compile line.clj
  gsdmc new models/mine.clj --from sbi/eight_schools
  gsdmc new -  # print it

The program says in comments what each of its forms does, and which commands to run next."""

STARTER = """\
; NAME: a straight line through noisy points. Change it into a model of your own.
;
;   gsdmc compile FILE --draw-graph graph.svg   what it is: variables, plates, mask, cost
;   gsdmc simulate FILE -n 3                    joint draws of all variables
;   gsdmc train FILE --minutes 5                a network that answers queries, in runs/NAME
;   gsdmc evaluate runs/NAME                    how well it does
;   gsdmc sample runs/NAME --evidence x=x.csv --evidence y=y.csv -n 100

; A size. `--set n=50` replaces it; `train --vary n` draws it from this range, batch by batch.
(def ^{:in [2 50]} n 20)

; `sample` draws a variable and names it; `let` names the value within its brackets.
(let [slope (sample "slope" (normal 0 1))
      intercept (sample "intercept" (normal 0 1))
      noise (sample "noise" (gamma 2 4))]
  ; A plate: the body once for each i. "x", "mean" and "y" become arrays with a dimension i.
  (foreach n [i (range n)]
    (let [x (sample "x" (uniform -2 2))
          ; `dirac` makes a computed value a variable, which can be known, inferred and checked.
          mean (sample "mean" (dirac (+ intercept (* slope x))))]
      (sample "y" (normal mean noise)))))

; What queries know. Without this line, training prepares for every question.
(given "x" "y")
"""


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(commands, "new", "write a commented program to start from", EXAMPLE)
    parser.add_argument(
        "name", metavar="NAME", help="the program's name, or its file (NAME.clj); - for standard output"
    )
    parser.add_argument(
        "--from",
        dest="source",
        metavar="PROGRAM",
        help=f"copy a bundled program in place of the starter: {', '.join(options.bundled_names())}",
    )
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Write the program, which takes the place of no other.

    Raises:
        GsdmcError: the file is there, its folder isn't, or there is no such program to copy.
    """
    from gsdmc.language.source import GsdmcError

    path = None if args.name == "-" else file_of(args.name)
    text = program(path, args.source)
    if path is None:
        print(text, end="")
        return
    if not path.parent.is_dir():
        raise GsdmcError(f"there is no folder {path.parent} for {path.name}", hint="make it first")
    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise GsdmcError(f"{path} is there already", hint="choose another name, or remove it") from None
    print(f"{path} is written", file=sys.stderr)
    print(f"next: gsdmc compile {path}", file=sys.stderr)


def file_of(name: str) -> Path:
    """The file of a program's name.

    Raises:
        GsdmcError: another suffix than `.clj`, or no name.
    """
    from gsdmc.language.source import GsdmcError

    path = Path(name)
    if path.suffix not in ("", ".clj") or not path.stem:
        raise GsdmcError(f"{name} is no name for a program", hint="give NAME or NAME.clj")
    return path.with_suffix(".clj")


def program(path: Path | None, source: str | None) -> str:
    """The text to write: the starter, with its own name in it, or a copy of a bundled program.

    Raises:
        GsdmcError: there is no such program.
    """
    from gsdmc import programs
    from gsdmc.language.source import GsdmcError

    if source is None:
        name, file = ("program", "program.clj") if path is None else (path.stem, str(path))
        values = {"NAME": name, "FILE": file}
        return re.sub("NAME|FILE", lambda match: values[match.group()], STARTER)
    if source not in programs.names():
        raise GsdmcError(
            f"there is no bundled program `{source}`", hint=f"bundled programs: {', '.join(programs.names())}"
        )
    return programs.text(source)
