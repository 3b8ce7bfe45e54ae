"""Programs in tests/bad/compile read well and are refused later; those in tests/bad/warnings are warned of.

`pytest tests/compiler/test_bad.py --update-golden` writes what is said of them anew; then read its diff.
"""

from pathlib import Path

import pytest

from gsdmc.language import render
from tests.bad.bad_programs import BAD, DOUBTFUL, REFUSED, check_golden, error_of, warnings_of


@pytest.mark.parametrize("path", REFUSED, ids=lambda path: path.stem)
def test_diagnostic(path: Path, request: pytest.FixtureRequest) -> None:
    check_golden(render(error_of(path)) + "\n", path, request)


@pytest.mark.parametrize("path", DOUBTFUL, ids=lambda path: path.stem)
def test_warnings(path: Path, request: pytest.FixtureRequest) -> None:
    warnings = warnings_of(path)
    assert warnings
    check_golden("".join(f"{render(warning)}\n" for warning in warnings), path, request)


@pytest.mark.parametrize(("folder", "programs"), [("compile", REFUSED), ("warnings", DOUBTFUL)])
def test_every_diagnostic_has_its_program(folder: str, programs: list[Path]) -> None:
    assert {path.stem for path in BAD.glob(f"{folder}/*.txt")} == {path.stem for path in programs}
    assert programs
