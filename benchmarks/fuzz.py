"""Coverage-guided fuzzing of reader and compiler with atheris, outside CI.

    python -m venv fuzzing && fuzzing/bin/pip install atheris -e .
    fuzzing/bin/python benchmarks/fuzz.py CORPUS -max_total_time=600 -timeout=6 -rss_limit_mb=1500

Arguments go to libFuzzer: CORPUS is a folder that keeps inputs which reach new code, filled with the bundled
programs and the bad programs of the tests when it is empty. An input is a program's bytes, up to 100 kB.
Whatever it is, compiling it ends in a problem or in a GsdmcError with a message that renders; anything else
is written to a file crash-* and ends the run. `-timeout` is in seconds per input, of which instrumented code
takes several times as many; the resident limit is for the whole process, of which imports and the largest
seed take about 750 MB here.
"""

from __future__ import annotations

import sys
from pathlib import Path

import torch

LARGEST = 100_000
ROOT = Path(__file__).parent.parent

try:
    import atheris
except ImportError:
    sys.exit("this needs atheris: pip install atheris (Linux, CPython up to the version that it supports)")

with atheris.instrument_imports(include=["gsdmc"]):
    from gsdmc.compiler import compile_text
    from gsdmc.language import GsdmcError, render
    from gsdmc.language.builtins import BUILTINS
    from gsdmc.language.distributions import DISTRIBUTIONS
    from gsdmc.language.foreign import SPECIAL_SHAPES


def one_input(data: bytes) -> None:
    """Compile, with all that compiling gives; only a user's mistake may be raised."""
    text = data.decode("utf-8", "replace")
    try:
        problem = compile_text(text, "fuzz.clj")
        assert problem.graph.nodes == problem.mask.shape[0]
        if problem.graph.nodes:
            assert problem.layout.nodes == problem.graph.nodes
        problem.score(problem.simulate(2, 0))
    except GsdmcError as error:
        if not error.message or not render(error):
            raise


def fill(corpus: Path) -> None:
    """Start a corpus with programs that are right and programs that are wrong."""
    corpus.mkdir(parents=True, exist_ok=True)
    if any(corpus.iterdir()):
        return
    for folder in ("programs", "tests/programs", "tests/bad"):
        for number, path in enumerate(sorted((ROOT / folder).rglob("*.clj"))):
            (corpus / f"{folder.replace('/', '-')}-{number}").write_bytes(path.read_bytes()[:LARGEST])


def dictionary(path: Path) -> None:
    """The language's words, as libFuzzer reads them."""
    words = [*BUILTINS, *DISTRIBUTIONS, *SPECIAL_SHAPES, "^{:in [1 3]}", "^{:seed 0}", "#_"]
    path.write_text("".join(f'"({word} "\n' if word[0] != "^" else f'"{word}"\n' for word in words))


def main() -> None:
    """Fuzz, on one thread."""
    torch.set_num_threads(1)
    arguments = sys.argv[1:]
    folders = [Path(a) for a in arguments if not a.startswith("-")]
    if folders:
        fill(folders[0])
        words = folders[0].with_suffix(".dict")
        dictionary(words)
        arguments.append(f"-dict={words}")
    atheris.Setup([sys.argv[0], f"-max_len={LARGEST}", *arguments], one_input)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
