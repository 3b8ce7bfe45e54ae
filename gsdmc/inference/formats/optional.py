"""Packages that only some forms of results need."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from gsdmc.language.source import GsdmcError


def optional(package: str, extra: str) -> Any:
    """A package that gsdmc works without, imported.

    Args:
        package: its name.
        extra: the extra of gsdmc that brings it.

    Raises:
        GsdmcError: it isn't installed.
    """
    try:
        return import_module(package)
    except ModuleNotFoundError as error:
        if error.name is None or error.name.partition(".")[0] != package:
            raise  # it is there, but what it needs isn't
        raise GsdmcError(
            f"this needs the package {package}, which isn't installed",
            hint=f"install it: pip install 'gsdmc[{extra}]'",
        ) from None
