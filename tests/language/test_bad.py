"""Programs in tests/bad can't be read, with the diagnostic that stands beside each.

`pytest tests/language/test_bad.py --update-golden` writes the diagnostics anew; then read their diff.
"""

from pathlib import Path

import pytest

from gsdmc.language import render
from tests.bad.bad_programs import BAD, UNREADABLE, check_golden, error_of


@pytest.mark.parametrize("path", UNREADABLE, ids=lambda path: path.stem)
def test_diagnostic(path: Path, request: pytest.FixtureRequest) -> None:
    check_golden(render(error_of(path)) + "\n", path, request)


def test_every_diagnostic_has_its_program() -> None:
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in UNREADABLE}
    assert len(UNREADABLE) >= 250
