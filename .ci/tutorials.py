"""Run tutorials and write their pages: `python .ci/tutorials.py [NAME ...]`, or `make tutorials`.

A tutorial is a script in `examples/` in cells: `# %% [markdown]` starts prose, `# %%` code. Its page,
`docs/tutorials/NAME.md`, has prose and code as they stand, and after each cell what it printed and the
pictures that it wrote into `runs/tutorials`. The site shows these pages, so that building it runs nothing;
a test holds prose and code of pages and scripts together.
"""

from __future__ import annotations

import io
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
SCRIPTS, PAGES, IMAGES = (
    ROOT / "examples",
    ROOT / "docs" / "tutorials",
    ROOT / "docs" / "images" / "tutorials",
)
PICTURES = Path("runs/tutorials")
NAMES = (
    "first_model",
    "writing_a_program",
    "graph_to_network",
    "any_query",
    "checking_a_posterior",
    "own_simulator",
    "size_generalisation",
    "speed",
)
MARK = re.compile(r"^# %%( \[markdown\])?\n", re.MULTILINE)


@dataclass(frozen=True)
class Cell:
    """A part of a tutorial: prose in Markdown, or code; `line` is where it starts in the script."""

    is_code: bool
    text: str
    line: int


@dataclass(frozen=True)
class Shown:
    """What a cell of code gave: its print, and the names of the pictures it wrote."""

    printed: str
    pictures: tuple[str, ...] = ()


def cells(script: str) -> Iterator[Cell]:
    """The cells of a script.

    Raises:
        ValueError: something stands before the first cell, or prose has a line that is no comment.
    """
    marks = list(MARK.finditer(script))
    if not marks or marks[0].start():
        raise ValueError("a tutorial starts with a cell")
    for mark, end in zip(marks, [*(m.start() for m in marks[1:]), len(script)], strict=True):
        text, line = script[mark.end() : end].strip("\n"), script.count("\n", 0, mark.end()) + 1
        if mark.group(1):
            lines = text.split("\n")
            if not all(row.startswith("#") for row in lines):
                raise ValueError(f"line {line}: prose stands in comments")
            text = "\n".join(row.removeprefix("#").removeprefix(" ") for row in lines)
        if text:
            yield Cell(not mark.group(1), text, line)


def page(name: str, parts: list[tuple[Cell, Shown | None]], where: str) -> str:
    """A tutorial's page: cells, and what they gave."""
    written = []
    for cell, shown in parts:
        written.append(f"```python\n{cell.text}\n```" if cell.is_code else cell.text)
        if shown is None:
            continue
        if shown.printed.strip():
            written.append(f"```text\n{shown.printed.rstrip()}\n```")
        written += [f"![{words(p)}](../images/tutorials/{p})" for p in shown.pictures]
    written.append(f"---\n\n*This page is [`examples/{name}.py`](../../examples/{name}.py), run on {where}.*")
    return "\n\n".join(written) + "\n"


def words(picture: str) -> str:
    """What stands in for a picture that isn't seen."""
    return Path(picture).stem.replace("_", " ")


def recorded(name: str) -> list[tuple[Cell, Shown | None]]:
    """Run a tutorial in the current folder, which collects its pictures."""
    script = SCRIPTS / f"{name}.py"
    names: dict[str, object] = {"__name__": "__main__", "__file__": str(script)}
    PICTURES.mkdir(parents=True, exist_ok=True)
    parts: list[tuple[Cell, Shown | None]] = []
    for cell in cells(script.read_text(encoding="utf-8")):
        shown = None
        if cell.is_code:
            before = {p.name for p in PICTURES.iterdir()}
            # The lines before keep the script's line numbers in an error's traceback.
            code = compile("\n" * (cell.line - 1) + cell.text, str(script), "exec")
            with redirect_stdout(io.StringIO()) as out:
                exec(code, names)
            new = sorted({p.name for p in PICTURES.iterdir() if p.suffix in (".png", ".svg")} - before)
            shown = Shown(out.getvalue(), tuple(new))
        parts.append((cell, shown))
    return parts


def machine() -> str:
    """Where the pages' figures come from."""
    import platform

    import torch

    threads = "1 thread" if torch.get_num_threads() == 1 else f"{torch.get_num_threads()} threads"
    model = re.search(r"^model name\s*:\s*(.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return f"{threads} of {model.group(1) if model else platform.processor()}, torch {torch.__version__}"


def record(name: str) -> None:
    """Run a tutorial and write its page and pictures."""
    with tempfile.TemporaryDirectory() as folder:
        here = Path.cwd()
        os.chdir(folder)
        try:
            parts = recorded(name)
        finally:
            os.chdir(here)
        PAGES.mkdir(parents=True, exist_ok=True)
        IMAGES.mkdir(parents=True, exist_ok=True)
        for _, shown in parts:
            for picture in shown.pictures if shown else ():
                shutil.copy(Path(folder) / PICTURES / picture, IMAGES / picture)
    (PAGES / f"{name}.md").write_text(page(name, parts, machine()), encoding="utf-8")
    print(f"docs/tutorials/{name}.md", flush=True)


def main() -> int:
    chosen = sys.argv[1:] or NAMES
    unknown = sorted(set(chosen) - set(NAMES))
    if unknown:
        print(f"no such tutorial: {', '.join(unknown)}; there are {', '.join(NAMES)}", file=sys.stderr)
        return 2
    os.environ.pop("GSDMC_TOY", None)  # a page shows what a reader's run shows
    os.environ["MPLBACKEND"] = "agg"
    for name in chosen:
        record(name)
    return 0


if __name__ == "__main__":
    sys.exit(main())
