"""Options and settings of the whole test suite."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

# A busy machine is no failure. In CI, hypothesis's own profile says so too, and repeats its examples.
settings.register_profile("patient", deadline=None)
if "CI" not in os.environ:
    settings.load_profile("patient")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden",
        action="store_true",
        help="write the golden files (tests/bad/*.txt) from what the code says now, then review the diff",
    )
