"""Zarr stores that are data and nothing else: codecs may unpickle, and so run what they read.

zarr looks codecs up by the names that a store gives them, and numcodecs has one of the name `pickle`.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

METADATA = (".zarray", ".zgroup", ".zattrs", ".zmetadata", "zarr.json")
"""The files of a store that say how the others are read."""

CODEC = "pickle"
"""The codec of numcodecs that runs code, by itself or after a prefix with a dot."""

LARGEST = 1 << 26
"""Most bytes of a file of metadata."""


def check_store(path: Path) -> None:
    """Refuse a store of which reading might run code, before anything of it is read.

    Raises:
        ValueError: it has a codec that unpickles or a link, or its metadata are too large or no JSON.
        OSError: a file can't be read.
    """
    for file in sorted(path.rglob("*")):
        if file.is_symlink():
            raise ValueError(f"it has a link, {file.name}")
        if file.name not in METADATA:
            continue
        if file.stat().st_size > LARGEST:
            raise ValueError(f"{file.name} has more than {LARGEST} bytes")
        for text in _texts(json.loads(file.read_bytes())):
            if text.lower().split(".")[-1] == CODEC:
                raise ValueError(f"it holds Python's objects ({text[:40]}), and files are data, never code")


def _texts(data: Any) -> Iterator[str]:
    """All texts in JSON, those that name fields left out."""
    waiting = [data]
    while waiting:
        here = waiting.pop()
        if isinstance(here, str):
            yield here
        elif isinstance(here, dict):
            waiting.extend(here.values())
        elif isinstance(here, list):
            waiting.extend(here)
