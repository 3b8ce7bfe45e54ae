"""Factor graphs for other tools, and back: the functions by format, and files by suffix."""

from __future__ import annotations

import json
from collections.abc import Iterable
from os import PathLike
from pathlib import Path

from gsdmc.graph.export_dot import to_dot
from gsdmc.graph.export_graphml import from_graphml, graphml_lines, to_graphml
from gsdmc.graph.export_json import from_json, to_json
from gsdmc.graph.export_networkx import from_networkx, to_networkx
from gsdmc.graph.export_reading import refuse
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.language.source import GsdmcError

__all__ = [
    "SUFFIXES",
    "check_suffix",
    "from_graphml",
    "from_json",
    "from_networkx",
    "read_graph",
    "to_dot",
    "to_graphml",
    "to_json",
    "to_networkx",
    "write_graph",
]

SUFFIXES = (".json", ".graphml", ".dot")
"""What the name of an exported graph may end in."""


def check_suffix(path: str | PathLike[str], known: Iterable[str] = SUFFIXES) -> str:
    """The suffix of a file's name.

    Raises:
        GsdmcError: it is not a known one.
    """
    suffix = Path(path).suffix
    if suffix not in known:
        raise GsdmcError(
            f"{path} has an unknown format",
            hint=f"end it in {', '.join(known)}".replace(", .dot", " or .dot"),
        )
    return suffix


def write_graph(graph: FactorGraph, path: str | PathLike[str]) -> None:
    """Write a graph as JSON, GraphML or DOT, as the suffix says.

    Raises:
        GsdmcError: another suffix.
    """
    suffix = check_suffix(path)
    with open(path, "w", encoding="utf-8", newline="\n") as file:
        if suffix == ".json":
            json.dump(to_json(graph), file)
            file.write("\n")
        elif suffix == ".graphml":
            file.writelines(graphml_lines(graph))
        else:
            file.write(to_dot(graph))


def read_graph(path: str | PathLike[str]) -> FactorGraph:
    """Read a graph that `write_graph` wrote as JSON or GraphML.

    Raises:
        GsdmcError: the file can't be read, has another suffix, or is damaged.
    """
    suffix = check_suffix(path, SUFFIXES[:2])
    try:
        text = Path(path).read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise refuse(f"it is no text in UTF-8 (byte {error.start})") from None
    except OSError as error:
        raise GsdmcError(f"{path} can't be read: {error.strerror}") from None
    if suffix == ".graphml":
        return from_graphml(text)
    try:
        data = json.loads(text)
    except (RecursionError, ValueError) as error:
        raise refuse(f"it is no JSON ({error})") from None
    return from_json(data)
