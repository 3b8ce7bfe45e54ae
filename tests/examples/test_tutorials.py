"""Tutorials: every script runs, at a size that takes moments, and every page shows its script."""

from __future__ import annotations

import re
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from matplotlib import pyplot as plt

ROOT = Path(__file__).parents[2]
RECORDER = runpy.run_path(str(ROOT / ".ci" / "tutorials.py"))
NAMES: tuple[str, ...] = RECORDER["NAMES"]
FENCE = re.compile(r"^```(python|text)\n(.*?)\n```$", re.MULTILINE | re.DOTALL)


def cells(name: str) -> list[Any]:
    return list(RECORDER["cells"]((ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")))


@pytest.fixture
def pictures() -> Iterator[None]:
    """No figure is left open, as a test that opens many would be warned of."""
    yield
    plt.close("all")


@pytest.mark.slow
@pytest.mark.parametrize("name", NAMES)
@pytest.mark.usefixtures("pictures")
def test_runs(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GSDMC_TOY", "1")
    plt.switch_backend("agg")
    runpy.run_path(str(ROOT / "examples" / f"{name}.py"), run_name="__main__")
    assert capsys.readouterr().out
    # What it writes stays in one folder, and a page of another name can't show its pictures.
    assert {p.name for p in tmp_path.iterdir()} <= {"runs"}
    written = [p.stem for p in (tmp_path / "runs" / "tutorials").iterdir() if p.suffix in (".png", ".svg")]
    assert written
    assert all(stem.startswith(name) for stem in written)


def test_every_tutorial_has_its_script() -> None:
    scripts = {p.stem for p in (ROOT / "examples").glob("*.py") if p.read_text().startswith("# %%")}
    assert scripts == set(NAMES)


@pytest.mark.parametrize("name", NAMES)
def test_page_shows_the_script(name: str) -> None:
    """Prose and code are the script's; what they gave was recorded by `make tutorials`."""
    page = (ROOT / "docs" / "tutorials" / f"{name}.md").read_text(encoding="utf-8")
    code = [text for kind, text in FENCE.findall(page) if kind == "python"]
    assert code == [c.text for c in cells(name) if c.is_code], f"run: make tutorials ARGS={name}"
    for cell in cells(name):
        assert cell.is_code or cell.text in page, f"run: make tutorials ARGS={name}"


@pytest.mark.parametrize("name", NAMES)
def test_page_shows_what_the_script_gave(name: str) -> None:
    page = (ROOT / "docs" / "tutorials" / f"{name}.md").read_text(encoding="utf-8")
    if "run on no machine yet" in page:
        pytest.skip(f"its run isn't recorded yet: make tutorials ARGS={name}")
    assert "```text\n" in page
    shown = re.findall(r"!\[[^]]+\]\(\.\./images/tutorials/([^)]+)\)", page)
    assert shown
    written = "".join(c.text for c in cells(name) if c.is_code)
    assert all(f'"{picture}"' in written for picture in shown)


def test_cells() -> None:
    script = "# %% [markdown]\n# # Title\n#\n# - prose\n\n# %%\nx = 1\n\n\n# %%\nprint(x)\n"
    found = [(c.is_code, c.text, c.line) for c in RECORDER["cells"](script)]
    assert found == [(False, "# Title\n\n- prose", 2), (True, "x = 1", 7), (True, "print(x)", 11)]


@pytest.mark.parametrize("script", ["x = 1\n# %%\ny = 2\n", "# %% [markdown]\nprose\n", ""])
def test_what_is_no_tutorial(script: str) -> None:
    with pytest.raises(ValueError, match=r"cell|comments"):
        list(RECORDER["cells"](script))


def test_record(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """A page has prose, code, what was printed, and the pictures of each cell below it."""
    scripts, pages, images = (tmp_path / name for name in ("examples", "docs/tutorials", "docs/images"))
    scripts.mkdir()
    (scripts / "small.py").write_text(
        "# %% [markdown]\n# # Small\n\n# %%\nfrom pathlib import Path\n\nname = 'small_one.png'\n\n"
        "# %%\nPath('runs/tutorials', name).write_bytes(b'picture')\nprint('two\\nlines')\n"
    )
    record = RECORDER["record"]
    for key, value in {"SCRIPTS": scripts, "PAGES": pages, "IMAGES": images}.items():
        monkeypatch.setitem(record.__globals__, key, value)
    record("small")
    head, _, foot = (pages / "small.md").read_text().partition("\n\n---\n\n")
    assert head == (
        "# Small\n\n```python\nfrom pathlib import Path\n\nname = 'small_one.png'\n```\n\n"
        "```python\nPath('runs/tutorials', name).write_bytes(b'picture')\nprint('two\\nlines')\n```\n\n"
        "```text\ntwo\nlines\n```\n\n![small one](../images/tutorials/small_one.png)"
    )
    assert "examples/small.py" in foot
    assert (images / "small_one.png").read_bytes() == b"picture"
    assert "small.md" in capsys.readouterr().out
