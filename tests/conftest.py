"""Options and settings of the whole test suite."""

from __future__ import annotations

import os

import pytest
import torch
from hypothesis import settings

# Without a GPU triton's kernels run in its interpreter, which must be chosen before anything imports triton.
if not torch.cuda.is_available():
    os.environ.setdefault("TRITON_INTERPRET", "1")

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
