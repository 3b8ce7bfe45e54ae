"""Every program in tests/bad/compile reads well and is refused later, with the diagnostic beside it.

`pytest tests/compiler/test_bad.py --update-golden` writes them anew; read the diff before committing it.
"""

from pathlib import Path

import pytest

from gsdmc.compiler import compile_text
from gsdmc.language import GsdmcError, render

BAD = Path(__file__).parent.parent / "bad" / "compile"
PROGRAMS = sorted(BAD.glob("*.clj"))


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_diagnostic(path: Path, request: pytest.FixtureRequest) -> None:
    with pytest.raises(GsdmcError) as caught:
        compile_text(path.read_text(encoding="utf-8"), path.name)
    shown = render(caught.value) + "\n"
    golden = path.with_suffix(".txt")
    if request.config.getoption("--update-golden"):
        golden.write_text(shown, encoding="utf-8")
    assert shown == golden.read_text(encoding="utf-8")


def test_every_diagnostic_has_its_program() -> None:
    assert {path.stem for path in BAD.glob("*.txt")} == {path.stem for path in PROGRAMS}
    assert len(PROGRAMS) >= 90
