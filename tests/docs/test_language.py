"""docs/language.md: its blocks run in order, as a reader would run them, and its tables agree with the code.

Kinds of blocks:

- `clojure`: a program, written to the file that its first line names (`; coin.clj`), compiled and put
  through the four readings; or, after `; from sorting.clj`, lines of a bundled program.
- `python`: run in one namespace, in a folder that holds the programs above it.
- `sh`: commands that succeed.
- `text`: after a program the error that it gives, after Python what that prints, else commands with what
  they print; a line `...` stands for any lines.

With `--update-golden`, what is shown is replaced by what the code says now.
"""

from __future__ import annotations

import inspect
import io
import re
import shlex
from collections.abc import Iterator, Sequence
from contextlib import redirect_stderr, redirect_stdout
from dataclasses import asdict, dataclass
from importlib.resources import files
from itertools import pairwise
from pathlib import Path

import pytest

import gsdmc
from gsdmc.cli.main import build_parser, main
from gsdmc.compiler import Problem, compile_text
from gsdmc.language.builtins import BUILTINS
from gsdmc.language.distributions import ALIASES, DISTRIBUTIONS
from gsdmc.language.foreign import SPECIAL_SHAPES
from gsdmc.language.limits import DEFAULT
from gsdmc.language.reader import read
from gsdmc.language.source import Source
from gsdmc.program import externs

PAGE = Path(__file__).parents[2] / "docs" / "language.md"
BLOCK = re.compile(r"^```(\S*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
TABLE = re.compile(r"^\| (.+?) \|.*\n\|[-|]+\n((?:\|.*\n)*)", re.MULTILINE)


@dataclass(frozen=True)
class Block:
    kind: str
    text: str
    start: int
    end: int
    line: int


def blocks(page: str) -> list[Block]:
    return [
        Block(m.group(1), m.group(2), m.start(), m.end(), page.count("\n", 0, m.start()) + 1)
        for m in BLOCK.finditer(page)
    ]


@pytest.fixture
def update(request: pytest.FixtureRequest) -> bool:
    return bool(request.config.getoption("--update-golden"))


# Blocks


class Reader:
    """Someone who reads the page and runs what it shows."""

    def __init__(self) -> None:
        self.names: dict[str, object] = {}

    def run(self, block: Block, belongs: bool) -> str:
        """What a block gives; a text that `belongs` to the block before it gives nothing."""
        match block.kind:
            case "clojure":
                return self.program(block.text)
            case "python":
                return self.python(block.text)
            case "sh":
                assert all(self.command(line)[0] == 0 for line in block.text.splitlines())
                return ""
            case "text" if block.text.startswith("$ ") and not belongs:
                return self.commands(block.text)
            case "text" if belongs:
                return ""
        raise AssertionError(f"this `{block.kind}` block can't be run")

    def program(self, text: str) -> str:
        """Compile a program and put it through the four readings: the error that it gives, if any."""
        first, _, rest = text.partition("\n")
        if first.startswith("; from "):
            bundled = (
                files("gsdmc.programs").joinpath(first.removeprefix("; from ")).read_text(encoding="utf-8")
            )
            assert rest in bundled, "these lines are not in the bundled program"
            return ""
        named = re.fullmatch(r"; (\S+\.clj)", first)
        name = named.group(1) if named else "program.clj"
        if named:
            Path(name).write_text(text, encoding="utf-8")
        try:
            problem = compile_text(text, name)
        except gsdmc.GsdmcError as error:
            return f"{error}\n"
        check_readings(problem)
        return ""

    def python(self, text: str) -> str:
        """What a block prints."""
        with redirect_stdout(io.StringIO()) as printed:
            exec(compile(text, PAGE.name, "exec"), self.names)
        return printed.getvalue()

    def commands(self, text: str) -> str:
        """Commands as they stand after `$`, each with what it prints."""
        lines = [line for line in text.splitlines() if line.startswith("$ ")]
        return "".join(f"{line}\n{self.command(line.removeprefix('$ '))[1]}" for line in lines)

    def command(self, line: str) -> tuple[int, str]:
        """A command's exit code, and what a terminal shows of it."""
        program, *arguments = shlex.split(line)
        assert program == "gsdmc"
        with redirect_stdout(io.StringIO()) as shown, redirect_stderr(shown):
            code = main(arguments)
        return code, shown.getvalue()


def check_readings(problem: Problem) -> None:
    draws = problem.simulate(2, seed=0)
    residuals = problem.verify(draws)
    assert all(r.abs().max() < 1e-5 for r in residuals.dirac.values())
    assert all(holds.all() for holds in residuals.factors.values())
    assert problem.score(draws).isfinite().all()
    assert problem.mask.shape == (problem.graph.nodes, problem.graph.nodes)


def agree(shown: str, said: str) -> bool:
    """Whether the text is what was said, where a line `...` stands for any lines."""
    parts = (r"(?:.*\n)*?" if line == "..." else re.escape(line) + "\n" for line in shown.splitlines())
    plain = "".join(f"{line.rstrip()}\n" for line in said.splitlines())
    return re.fullmatch("".join(parts), plain) is not None


def outcomes(page: str) -> Iterator[tuple[Block, str]]:
    """Every text block with what belongs there; fails at a block that can't be run or shows too little."""
    reader = Reader()
    shown = [*blocks(page), Block("", "", len(page), len(page), 0)]
    taken: Block | None = None
    for block, after in pairwise(shown):
        try:
            said = reader.run(block, block is taken)
        except BaseException as error:
            error.add_note(f"at docs/language.md:{block.line}")
            raise
        if block.kind == "text":
            if block is not taken:
                yield block, said
            continue
        follows = after.kind == "text" and not page[block.end : after.start].strip()
        taken = after if follows and not after.text.startswith("$ ") else None
        if taken is not None:
            yield taken, said
        else:
            assert not said, f"docs/language.md:{block.line} doesn't show\n{said}"


def test_every_block_does_what_the_page_shows(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, update: bool
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(externs, "_REGISTRY", dict(externs._REGISTRY))
    page = PAGE.read_text(encoding="utf-8")
    wrong = [(block, said) for block, said in outcomes(page) if not agree(block.text, said)]
    if update:
        for block, said in reversed(wrong):
            page = f"{page[: block.start]}```text\n{said}```{page[block.end :]}"
        PAGE.write_text(page, encoding="utf-8")
    faults = [
        f"docs/language.md:{block.line} shows\n{block.text}\nbut it is\n{said}" for block, said in wrong
    ]
    assert update or not faults, "\n\n".join(faults)


def test_every_fence_belongs_to_a_block() -> None:
    page = PAGE.read_text(encoding="utf-8")
    fences = [line for line in page.splitlines() if line.lstrip().startswith(("```", "~~~"))]
    assert len(fences) == 2 * len(blocks(page))


def test_every_bundled_program_is_mentioned() -> None:
    page = PAGE.read_text(encoding="utf-8")
    assert [name for name in gsdmc.bundled() if f"`{name}`" not in page] == []


def test_code_within_sentences_can_be_read() -> None:
    prose = BLOCK.sub("", PAGE.read_text(encoding="utf-8"))
    forms = [form for form in re.findall(r"`([^`\n]+)`", prose) if form[0] in "([{^" and "..." not in form]
    assert len(forms) > 20
    for form in forms:
        read(Source("docs/language.md", f"({form} x)" if form.startswith("^") else form))


# Tables

Row = tuple[str, ...]


def rows(first: str) -> list[Row]:
    """The rows of the table whose first column is headed so, without its head."""
    tables = dict(TABLE.findall(PAGE.read_text(encoding="utf-8")))
    return [
        tuple(cell.strip() for cell in line.strip("|").split(" | ")) for line in tables[first].splitlines()
    ]


def code(text: str) -> str:
    """What stands between backticks."""
    return text.strip("`")


def check_table(first: str, known: Sequence[Row], update: bool) -> None:
    """Compare a table with the rows that it should have, or write them."""
    if not update:
        assert rows(first) == list(known)
        return
    page = PAGE.read_text(encoding="utf-8")
    table = next(m for m in TABLE.finditer(page) if m.group(1) == first)
    lines = "".join(f"| {' | '.join(row)} |\n" for row in known)
    PAGE.write_text(page[: table.start(2)] + lines + page[table.end(2) :], encoding="utf-8")


def test_forms_are_those_that_the_parser_knows(update: bool) -> None:
    shown = {code(row[0]): row[1] for row in rows("form")}
    known = [shape for name, shape in SPECIAL_SHAPES.items() if name != "subset"]
    check_table("form", [(f"`{shape}`", shown.get(shape, "")) for shape in known], update)
    assert all(meaning for _, meaning in rows("form"))


def kind_of(distribution: str) -> str:
    return str(compile_text(f'(sample "x" {distribution})', "program.clj").graph.arrays[0].kind)


def test_distributions_are_those_of_the_language(update: bool) -> None:
    examples = {code(row[2]).split()[0].strip("("): code(row[2]) for row in rows("distribution")}
    assert set(examples) == set(DISTRIBUTIONS)
    known = [
        (f"`{s}`", s.doc, f"`{examples[name]}`", kind_of(examples[name])) for name, s in DISTRIBUTIONS.items()
    ]
    check_table("distribution", known, update)


def test_aliases_are_named() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    for alias, name in ALIASES.items():
        assert re.search(rf"`{alias}` (is another name )?of `{name}`", page)


def test_functions_are_those_of_the_language(update: bool) -> None:
    cells = [cell for s in BUILTINS.values() for cell in (f"`{s}`", s.doc)]
    cells += [""] * (len(cells) % 4)
    check_table("call", [tuple(cells[i : i + 4]) for i in range(0, len(cells), 4)], update)


def test_mistakes_get_the_messages_that_the_page_shows(update: bool) -> None:
    known: list[Row] = []
    for written, *_ in rows("you write"):
        with pytest.raises(gsdmc.GsdmcError) as error:
            compile_text(code(written), "program.clj")
        known.append((written, error.value.message, error.value.hint or ""))
    check_table("you write", known, update)


def value_of(expression: str) -> str:
    """An expression's value, or the error that it is."""
    try:
        problem = compile_text(f'(sample "x" (dirac {expression}))', "program.clj")
    except gsdmc.GsdmcError:
        return "an error"
    value = problem.simulate(1, seed=0)["x"][0].item()
    return f"`{str(value).lower() if isinstance(value, bool) else f'{value:g}'}`"


def test_values_differ_from_those_of_clojure_as_the_page_says(update: bool) -> None:
    known = [(written, value_of(code(written)), theirs) for written, _, theirs in rows("expression")]
    check_table("expression", known, update)


def test_limits_have_the_values_that_the_page_names() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    for name, value in asdict(DEFAULT).items():
        assert f"`{name}` {value:,} " in page


@pytest.mark.parametrize("command", ["compile", "simulate", "train"])
def test_options_are_those_of_the_commands(command: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        build_parser().parse_args([command, "--help"])
    known = re.split(r"[\s,\[\]|]+", capsys.readouterr().out)
    shown = [code(option).split()[0] for option, _ in rows("option")]
    assert [option for option in shown if option not in known] == ([] if command == "compile" else shown[6:])


def test_keywords_are_those_of_compile() -> None:
    page = " ".join(PAGE.read_text(encoding="utf-8").split())
    named = re.search(r"keywords of `gsdmc.compile`: ([^.]+)\.", page)
    assert named is not None
    keywords = inspect.signature(gsdmc.compile).parameters.values()
    known = [p.name for p in keywords if p.kind is inspect.Parameter.KEYWORD_ONLY]
    assert [code(name) for name in named.group(1).split(", ")] == known
