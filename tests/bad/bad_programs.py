"""The programs of this folder: what each is compiled with, and the text that must come of it.

A program's first lines may say how it is compiled, as the command line would: `; --set n=3` (the value is
JSON), `; --limit nodes=10`, `; --given E`, `; --embedding array`, `; --mask random:20`, `; --no-symmetrise`;
and `; --layers 2` for a network to be warned of.
"""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gsdmc.compiler import CompileOptions, compile_text
from gsdmc.compiler.problem import Problem
from gsdmc.compiler.warnings import warnings
from gsdmc.language import GsdmcError, GsdmcWarning, parse

BAD = Path(__file__).parent
UNREADABLE = sorted(BAD.glob("*.clj"))
REFUSED = sorted(BAD.glob("compile/*.clj"))
DOUBTFUL = sorted(BAD.glob("warnings/*.clj"))


def read(path: Path) -> str:
    """A program's text, its line ends as they are."""
    return path.read_bytes().decode()


def header(text: str) -> tuple[dict[str, Any], dict[str, Any], int | None]:
    """The overrides, the options and the layers that a program's first lines ask for."""
    overrides: dict[str, Any] = {}
    options: dict[str, Any] = {}
    layers = None
    for line in text.splitlines():
        if not line.startswith("; --"):
            break
        flag, _, value = line.removeprefix("; --").partition(" ")
        name, _, given = value.partition("=")
        if flag == "set":
            overrides[name] = json.loads(given)
        elif flag == "limit":
            options.setdefault("limits", {})[name] = json.loads(given)
        elif flag == "layers":
            layers = int(value)
        elif flag.startswith("no-"):
            options[flag.removeprefix("no-")] = False
        else:
            options.setdefault(flag, []).append(value)
    if "mask" in options:
        (options["mask"],) = options["mask"]
    return overrides, options, layers


def compiled(path: Path) -> Problem:
    """The problem that a program makes with what its header asks for.

    On a stack of its own: where a program nests too deep for the stack then never depends on the caller.
    """
    text = read(path)
    overrides, options, _ = header(text)
    chosen = CompileOptions().changed(**options)
    with ThreadPoolExecutor(1) as pool:
        return pool.submit(compile_text, text, path.name, overrides, chosen).result()


def error_of(path: Path) -> GsdmcError:
    """What is wrong with a program: of one in the folder itself, reading it must find that."""
    if path.parent == BAD:
        with pytest.raises(GsdmcError) as caught:
            parse(read(path), path.name)
    else:
        parse(read(path), path.name)
        with pytest.raises(GsdmcError) as caught:
            compiled(path)
    error = caught.value
    assert error.hint or error.span is None, "an error in a program says what to write"
    return error


def warnings_of(path: Path) -> tuple[GsdmcWarning, ...]:
    """What a program is warned of."""
    return warnings(compiled(path), header(read(path))[2])


def check_golden(shown: str, path: Path, request: pytest.FixtureRequest) -> None:
    """Compare with the text beside a program, or write it where the tests are asked to."""
    golden = path.with_suffix(".txt")
    if request.config.getoption("--update-golden"):
        golden.write_bytes(shown.encode())
    assert shown == golden.read_bytes().decode()
