"""Programs in tests/bad are refused, those in tests/bad/warnings warned of, with the text beside each.

`pytest tests/language/test_bad.py --update-golden` writes the diagnostics anew; then read their diff.
"""

from pathlib import Path

import pytest

from gsdmc.language import GsdmcError, parse, render

BAD = Path(__file__).parent.parent / "bad"
PROGRAMS = sorted(BAD.glob("*.clj"))
DOUBTFUL = sorted(BAD.glob("warnings/*.clj"))


def check_golden(shown: str, path: Path, request: pytest.FixtureRequest) -> None:
    golden = path.with_suffix(".txt")
    if request.config.getoption("--update-golden"):
        golden.write_bytes(shown.encode())
    assert shown == golden.read_bytes().decode()


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_diagnostic(path: Path, request: pytest.FixtureRequest) -> None:
    with pytest.raises(GsdmcError) as caught:
        parse(path.read_bytes().decode(), path.name)
    check_golden(render(caught.value) + "\n", path, request)


@pytest.mark.parametrize("path", DOUBTFUL, ids=lambda path: path.stem)
def test_warnings(path: Path, request: pytest.FixtureRequest) -> None:
    warnings = parse(path.read_bytes().decode(), path.name).warnings
    assert warnings
    check_golden("".join(f"{render(warning)}\n" for warning in warnings), path, request)


def test_every_diagnostic_has_its_program() -> None:
    for folder, programs in ((BAD, PROGRAMS), (BAD / "warnings", DOUBTFUL)):
        assert {path.stem for path in folder.glob("*.txt")} == {path.stem for path in programs}
    assert len(PROGRAMS) >= 140
