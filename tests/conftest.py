"""Settings that every test shares."""

from __future__ import annotations

import os

from hypothesis import settings

# A busy machine is no failure. In CI, hypothesis's own profile says so too, and repeats its examples.
settings.register_profile("patient", deadline=None)
if "CI" not in os.environ:
    settings.load_profile("patient")
