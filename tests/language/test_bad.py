"""Every program in tests/bad is refused, with the diagnostic that stands beside it.

`pytest tests/language/test_bad.py --update-golden` writes the diagnostics anew; then read their diff.
"""

from pathlib import Path

import pytest

from gsdmc.language import GsdmcError, parse, render

BAD = Path(__file__).parent.parent / "bad"
PROGRAMS = sorted(BAD.glob("*.clj"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_diagnostic(path: Path, request: pytest.FixtureRequest) -> None:
    with pytest.raises(GsdmcError) as caught:
        parse(path.read_bytes().decode(), path.name)
    shown = render(caught.value) + "\n"
    golden = path.with_suffix(".txt")
    if request.config.getoption("--update-golden"):
        golden.write_text(shown)
    assert shown == golden.read_text()


def test_every_diagnostic_has_its_program() -> None:
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in PROGRAMS}
    assert len(PROGRAMS) >= 30
