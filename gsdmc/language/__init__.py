"""The language stage: a program's text to its syntax tree."""

from gsdmc.language.diagnostics import render
from gsdmc.language.parser import parse
from gsdmc.language.source import GsdmcError, GsdmcWarning, Source, Span

__all__ = ["GsdmcError", "GsdmcWarning", "Source", "Span", "parse", "render"]
