"""Options of what is done to samples after the network."""

from __future__ import annotations

import argparse

from gsdmc.cli.options import whole


def add_refinement(parser: argparse.ArgumentParser) -> None:
    """`--repair` and `--polish`."""
    parser.add_argument(
        "--repair",
        type=whole,
        default=0,
        metavar="N",
        help="draw again, up to N rounds, what breaks a factor or relation of the program (default 0)",
    )
    parser.add_argument(
        "--polish",
        action="store_true",
        help="move continuous variables until given dirac variables come out as given, to solver precision",
    )
