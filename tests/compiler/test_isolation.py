"""A program can import nothing and read no file: nothing in the compiler could, and nothing does."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from pathlib import Path

import pytest

import gsdmc

PACKAGE = Path(gsdmc.__file__).parent
STAGES = ("language", "program", "graph", "layout")

FORBIDDEN_CALLS = frozenset({"eval", "exec", "compile", "__import__", "open", "input", "breakpoint"})
FORBIDDEN_MODULES = frozenset(
    {
        *("os", "subprocess", "socket", "pickle", "marshal", "shelve", "ctypes", "runpy", "code", "shutil"),
        *("urllib", "http", "tempfile", "pathlib", "io", "dill", "cloudpickle", "joblib", "builtins"),
    }
)
WRITES = ("export", "draw")
"""What writes files that a user asked for begins so."""

READS_THE_GRAMMAR = "language/reader.py"

HOSTILE = [
    "(extern open 1)",
    "(extern __import__ 1)",
    "(extern os 1)",
    "(extern sudoku_grids 2)",
    "(extern gsdmc.program.externs/register 1)",
    '(extern sudoku-grid "/etc/passwd")',
    "(def ^{:seed 0} g (extern open 1)) (sample (normal 0 1))",
    '(import "os")',
    '(require "os")',
    '(slurp "/etc/passwd")',
    '(load-file "/etc/passwd")',
    '(eval "1")',
    '(read-string "#=(java.lang.System/exit 0)")',
    "#=(+ 1 2)",
    '#include "/etc/passwd"',
    "#!/bin/sh\n(sample (normal 0 1))",
    "(.exit System 0)",
    '(new File "/etc/passwd")',
    '(def x "@/etc/passwd") (sample "y" (normal 0 1))',
    '(def x "file:///etc/passwd") (sample "y" (normal 0 1))',
    '(def n @/etc/passwd) (sample "y" (normal 0 1))',
    '(sample "/etc/passwd" (normal 0 1))',
    '(sample "../../etc/passwd" (normal 0 1)) (given "../../etc/passwd")',
    '(sample "{0.__class__.__mro__}" (normal 0 1))',
    '(sample "%s%n$(id)`id`" (normal 0 1))',
    '(sample (str "a" "/../" "b.pkl") (normal 0 1))',
    '(let [__builtins__ 1 __class__ 2 self 3] (sample "y" (normal (+ __builtins__ __class__ self) 1)))',
    '(get {"__class__" 1} "__class__") (sample "y" (normal 0 1))',
    '(get [1 2] "__class__") (sample "y" (normal 0 1))',
    '(sample "y" (normal __file__ 1))',
    '(defn __init__ [x] x) (sample "y" (normal (__init__ 1) 1))',
    '(factor "f" (= "__globals__" "/etc/passwd")) (sample "y" (normal 0 1))',
    '(sample "y" (dirac (os.system "id")))',
    '(observe "y" (normal 0 1) "/etc/passwd")',
    '(foreach "/etc/passwd" [] (sample (normal 0 1)))',
]
"""Programs that would read or run something, in one language or another."""

WATCHED = r"""
import json, sys, warnings
warnings.simplefilter("error")
sys.path.append(sys.argv[1])  # last, so that the installed package is the one that is imported
import gsdmc
from gsdmc.compiler import bundled, compile_problem, compile_text
from gsdmc.language import GsdmcError, render
from gsdmc.language.distributions import DISTRIBUTIONS

def outcome(text):
    try:
        problem = compile_text(text, "hostile.clj")
        values = problem.simulate(2, 0)
        problem.verify(values), problem.score(values), problem.mask, problem.layout, problem.metrics
    except GsdmcError as error:
        return render(error)
    return repr(problem)

hostile = json.load(sys.stdin)
from tests.compiler.wild_programs import GOOD, wild
import random
laws = [f'(sample "x" {law.replace("?", "1")})' for law in GOOD.values()]
wilds = [wild(random.Random(seed).randrange) for seed in range(200)]
for text in [*laws, *wilds, "(", "(sample", '(let [x 1 y 2] (z x))']:
    outcome(text)  # what is imported when it is first used is imported by now
for name in bundled():
    compile_problem(name).metrics

seen, watching = [], True
def hook(event, args):
    if watching and event.partition(".")[0] in WATCHED_EVENTS:
        seen.append([event, repr(args)[:300]])
WATCHED_EVENTS = {
    "open", "import", "exec", "compile", "subprocess", "socket", "os", "shutil", "ctypes", "glob", "pathlib",
    "tempfile", "urllib", "webbrowser", "pickle", "marshal", "code", "pty", "ftplib", "http",
}
sys.addaudithook(hook)
said = [outcome(text) for text in [*hostile, *wilds]]
watching = False
print(json.dumps({"seen": seen, "said": said}))
"""


def test_nothing_is_opened_imported_or_run_while_hostile_programs_are_compiled() -> None:
    done = subprocess.run(
        [sys.executable, "-P", "-c", WATCHED, str(Path(__file__).parents[2])],
        input=json.dumps(HOSTILE),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["seen"] == []
    for text, said in zip(HOSTILE, found["said"][: len(HOSTILE)], strict=True):
        assert "root:" not in said, text


def sources() -> list[Path]:
    every = [path for stage in STAGES for path in sorted((PACKAGE / stage).rglob("*.py"))]
    return [path for path in every if not path.stem.startswith(WRITES)]


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(PACKAGE)))
def test_no_stage_of_the_compiler_has_the_means(path: Path) -> None:
    allowed = {"importlib"} if str(path.relative_to(PACKAGE)) == READS_THE_GRAMMAR else set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        match node:
            case ast.Call(func=ast.Name(id=name)):
                assert name not in FORBIDDEN_CALLS, name
            case ast.Import(names=names):
                tops = {alias.name.partition(".")[0] for alias in names}
                assert not tops & (FORBIDDEN_MODULES | {"importlib"} - allowed), tops
            case ast.ImportFrom(module=str(module)):
                assert module.partition(".")[0] not in FORBIDDEN_MODULES | {"importlib"} - allowed, module
