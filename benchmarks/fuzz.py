"""Coverage-guided fuzzing of the reader and the compiler with atheris, which gsdmc does not depend on.

    python3 -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install -e . atheris
    /tmp/fuzz/bin/python benchmarks/fuzz.py [--seconds 600] [--out /tmp/gsdmc-fuzz]

Whatever the bytes, up to 100 kB of them, compiling gives a problem or a `GsdmcError` that can be shown,
within 2 seconds of processor time and 500 MB above what the imports take; small problems are then drawn from,
verified, scored and lowered too. A warning counts as an error. Seeds are the bundled programs, the bad ones
of the tests, the snippets of the docs and random programs; mutations are libFuzzer's and, of tokens, our own.

Instrumented code is slower: an input that takes long is measured again by itself, `--check FILE`, before it
counts. Findings go to `OUT/found`, one for every place in the code; the exit status is 1 if there are any.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
import random
import re
import resource
import subprocess
import sys
import time
import traceback
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[1]
SECONDS, MEGABYTES, LONGEST = 2.0, 500, 100_000
SLOWER = 3
"""How much slower instrumented code is at least; what takes longer than that is measured by itself."""

SMALL = 2_000
"""Nodes of a problem that is drawn from."""

TOKEN = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*"|;[^\n]*|#_|[\[\](){}^]|[^\s\[\](){}";^,]+|[\s,]+', re.DOTALL)


def compiled(text: str) -> Any:
    """Compile a text as a user's; None where an error says what is wrong with it."""
    from gsdmc.compiler import compile_text
    from gsdmc.language import GsdmcError, render

    try:
        return compile_text(text, "fuzz.clj")
    except GsdmcError as error:
        render(error, color=True)
        return None


def used(problem: Any) -> None:
    """Every reading and the layout of a small problem."""
    from gsdmc.language import GsdmcError, parse
    from gsdmc.language.printer import to_text

    parse(to_text(problem.syntax), "printed.clj", limits=problem.options.limits)
    if problem.graph.nodes > SMALL or len(problem.tape.draws) > SMALL:
        return
    try:
        joint = problem.simulate(2, 1)
        problem.verify(joint)
        problem.restore(joint)
        problem.score(joint)
        _ = problem.mask, problem.evidence, repr(problem), problem.layout, problem.warnings
    except GsdmcError as error:
        str(error)


def measured(path: Path) -> dict[str, float]:
    """Seconds and megabytes that compiling a file takes in this process, imports not counted."""
    import torch

    torch.set_num_threads(1)
    compiled('(sample "x" (normal 0 1))')
    before, start = peak(), time.process_time()
    compiled(path.read_bytes().decode("utf-8", "replace"))
    return {"seconds": time.process_time() - start, "megabytes": peak() - before}


def peak() -> float:
    """The largest resident memory so far, in megabytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def within_bounds(path: Path) -> str | None:
    """What a file takes too much of, by itself; None where it keeps the bounds."""
    command = [sys.executable, __file__, "--check", str(path)]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=20 * SECONDS, check=True)
    except subprocess.TimeoutExpired:
        return "a hang"
    except subprocess.CalledProcessError as error:
        return "crash: " + (str(error.stderr).strip().splitlines() or ["killed"])[-1][:200]
    taken: dict[str, float] = json.loads(done.stdout.splitlines()[-1])
    if taken["seconds"] > SECONDS:
        return f"{taken['seconds']:.1f} s"
    return f"{taken['megabytes']:.0f} MB" if taken["megabytes"] > MEGABYTES else None


class Target:
    """What the fuzzer calls with bytes; findings are kept, and fuzzing goes on."""

    def __init__(self, out: Path) -> None:
        self.found = out / "found"
        self.found.mkdir(parents=True, exist_ok=True)
        self.slow = 0

    def __call__(self, data: bytes) -> None:
        text = data[:LONGEST].decode("utf-8", "replace")
        start = time.process_time()
        try:
            problem = compiled(text)
            taken = time.process_time() - start
            if problem is not None:
                used(problem)
        except Exception as error:
            self.note(place_of(error), data, "".join(traceback.format_exception(error)))
            return
        if taken > SLOWER * SECONDS:
            self.check(data)

    def check(self, data: bytes) -> None:
        """Measure by itself what took long here."""
        self.slow += 1
        path = self.found / f"slow-{os.getpid()}-{self.slow}.clj"
        path.write_bytes(data)
        beyond = within_bounds(path)
        if beyond is None:
            path.unlink()
        else:
            path.with_suffix(".txt").write_text(beyond + "\n")
            print(f"FOUND {beyond}: {path}", flush=True)

    def note(self, name: str, data: bytes, what: str) -> None:
        """Keep the shortest input that fails at a place."""
        path = self.found / f"{name}.clj"
        if path.exists() and path.stat().st_size <= len(data):
            return
        if not path.exists():
            print(f"FOUND {name}: {what.strip().splitlines()[-1][:200]}", flush=True)
        path.write_bytes(data)
        path.with_suffix(".txt").write_text(what)


def place_of(error: BaseException) -> str:
    """The error's class and the innermost line of gsdmc that it passed, as a file's name."""
    frames = [f for f in traceback.extract_tb(error.__traceback__) if "/gsdmc/" in f.filename]
    last = frames[-1] if frames else None
    place = f"{Path(last.filename).stem}-{last.lineno}" if last else "elsewhere"
    return f"{type(error).__name__}-{place}"


def tokens_of(text: str) -> list[str]:
    """A text in pieces that join to it."""
    return TOKEN.findall(text) or [""]


class Mutator:
    """Changes tokens: some so that the text stays well-formed, some in any way."""

    def __init__(self, seeds: list[str], words: list[str]) -> None:
        self.seeds = seeds
        self.words = words
        self.numbers = [word for word in words if re.fullmatch(r"-?[0-9][-0-9./e]*", word)]

    def mutate(self, text: str, choose: random.Random) -> str:
        """A text that differs in a few places."""
        tokens = tokens_of(text)
        change = self.exchange if choose.randrange(3) else self.scramble
        for _ in range(choose.randint(1, 3)):
            tokens = change(tokens, choose) or [""]
        return "".join(tokens)

    def exchange(self, tokens: list[str], choose: random.Random) -> list[str]:
        """A form for a form, a number for a number, a name for a name."""
        at = choose.randrange(len(tokens))
        token = tokens[at]
        if token in ("(", "[", "{"):
            other = tokens if choose.randrange(2) else tokens_of(choose.choice(self.seeds))
            form = form_at(other, choose.randrange(len(other)))
            whole = form_at(tokens, at)
            if form and whole:
                return tokens[:at] + form + tokens[at + len(whole) :]
        elif re.fullmatch(r"-?[0-9].*", token):
            tokens[at] = choose.choice(self.numbers)
        elif re.match(r"[^\s()\[\]{}\";^#:]", token):
            known = [t for t in tokens if re.match(r"[a-zA-Z]", t)] if choose.randrange(2) else self.words
            tokens[at] = choose.choice(known or self.words)
        return tokens

    def scramble(self, tokens: list[str], choose: random.Random) -> list[str]:
        """Tokens deleted, repeated, inserted, replaced, swapped; another text's end; a form copied."""
        at, to = sorted(choose.randrange(len(tokens) + 1) for _ in range(2))
        match choose.randrange(7):
            case 0:
                del tokens[at : min(to, at + 5)]
            case 1:
                tokens[at:at] = tokens[at : min(to, at + 20)]
            case 2:
                tokens[at:at] = [" ", choose.choice(self.words), " "]
            case 3 if at < len(tokens):
                tokens[at] = choose.choice(self.words)
            case 4 if at < to < len(tokens):
                tokens[at], tokens[to] = tokens[to], tokens[at]
            case 5:
                other = tokens_of(choose.choice(self.seeds))
                return tokens[:at] + other[choose.randrange(len(other)) :]
            case 6:
                place = choose.randrange(len(tokens) + 1)
                tokens[place:place] = [" ", *form_at(tokens, at), " "]
        return tokens


def form_at(tokens: list[str], at: int) -> list[str]:
    """The bracketed form that starts at or after a place, else nothing."""
    start = next((i for i in range(at, len(tokens)) if tokens[i] in "([{" and tokens[i]), None)
    if start is None:
        return []
    depth = 0
    for end in range(start, min(len(tokens), start + 200)):
        depth += (tokens[end] in ("(", "[", "{")) - (tokens[end] in (")", "]", "}"))
        if not depth:
            return tokens[start : end + 1]
    return []


def seed_texts() -> Iterator[str]:
    """Programs to start from."""
    for folder in ("programs", "tests/bad", "tests/programs"):
        for path in sorted((ROOT / folder).rglob("*.clj")):
            yield path.read_bytes().decode("utf-8", "replace")
    for page in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]:
        yield from re.findall(r"```(?:clojure|clj)?\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
    sys.path.insert(0, str(ROOT))
    well_typed = importlib.import_module("tests.program.random_programs").program
    wild = importlib.import_module("tests.compiler.wild_programs").wild
    for seed in range(100):
        yield well_typed(random.Random(seed).randrange)
        yield wild(random.Random(seed).randrange)


def known_words() -> list[str]:
    """The language's own names, and atoms at the ends of their ranges."""
    from gsdmc.language.builtins import BUILTINS
    from gsdmc.language.distributions import ALIASES, DISTRIBUTIONS
    from gsdmc.language.foreign import SPECIAL_SHAPES
    from gsdmc.program.externs import registered

    atoms = (
        "0 1 -1 2 3 0.5 -0.5 1e300 1e-300 -1e300 1/2 9223372036854775807 -9223372036854775808 true false nil "
        'x n i xs _ & :a :b "x" "" [] {} () #_ ^ ^{:in ^{:seed 0} ; ( ) [ ] { } "\\u0000" (range 3)'
    )
    return [*BUILTINS, *DISTRIBUTIONS, *ALIASES, *SPECIAL_SHAPES, *registered(), *atoms.split(), *(
        f"({head}" for head in (*BUILTINS, *DISTRIBUTIONS, *SPECIAL_SHAPES)
    )]  # fmt: skip


def fuzz(out: Path, seconds: int) -> None:
    """Fuzz in this process until the time is over, or libFuzzer ends it."""
    atheris: Any = importlib.import_module("atheris")
    with atheris.instrument_imports(include=["gsdmc"]):
        importlib.import_module("gsdmc.compiler")
        importlib.import_module("gsdmc.language.printer")
    import torch

    torch.set_num_threads(1)
    warnings.simplefilter("error")
    used(compiled('(sample "x" (normal 0 1))'))
    words, seeds = known_words(), list(seed_texts())
    target, mutator = Target(out), Mutator(seeds, words)
    dictionary = out / "words.dict"
    dictionary.write_text("".join(f"{json.dumps(word)}\n" for word in words if word.isascii()))
    corpus = out / "corpus"
    corpus.mkdir(exist_ok=True)
    for number, text in enumerate(seeds):
        (corpus / f"seed-{number:04d}").write_bytes(text.encode("utf-8", "replace"))

    def custom(data: bytes, most: int, seed: int) -> bytes:
        choose = random.Random(seed)
        if choose.randrange(3) == 0:
            return bytes(atheris.Mutate(data, most))
        text = mutator.mutate(data.decode("utf-8", "replace"), choose)
        return text.encode("utf-8", "replace")[:most]

    options = [
        f"-max_total_time={seconds}",
        f"-timeout={int(20 * SECONDS)}",  # of the wall, instrumented and on a busy machine
        f"-rss_limit_mb={int(peak()) + MEGABYTES}",
        f"-max_len={LONGEST}",
        f"-dict={dictionary}",
        f"-artifact_prefix={out / 'found'}/",
        "-print_final_stats=1",
        str(corpus),
    ]
    atheris.Setup([sys.argv[0], *options], target, custom_mutator=custom)
    atheris.Fuzz()


def run(out: Path, seconds: int) -> int:
    """Fuzz in processes of their own, one after the other where libFuzzer ends one; the exit status."""
    out.mkdir(parents=True, exist_ok=True)
    end = time.monotonic() + seconds
    while (left := int(end - time.monotonic())) > 0:
        subprocess.run([sys.executable, __file__, "--out", str(out), "--child", str(left)], check=False)
    for path in sorted(out.glob("found/*")):
        if path.name.startswith(("timeout-", "oom-", "slow-unit-")) and within_bounds(path) is None:
            path.unlink()  # only instrumented, or after many others
    found = sorted(p for p in out.glob("found/*") if p.suffix != ".txt")
    for path in found:
        print(f"{path}: {path.stat().st_size} bytes")
    print(f"{len(found)} findings in {seconds} s")
    return 1 if found else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=int, default=600)
    parser.add_argument("--out", type=Path, default=Path("/tmp/gsdmc-fuzz"))
    parser.add_argument("--check", type=Path, help="compile one file, print what it takes, and stop")
    parser.add_argument("--child", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.check is not None:
        print(json.dumps(measured(options.check)))
        return 0
    if importlib.util.find_spec("atheris") is None:
        print("atheris is not installed here; gsdmc does not depend on it. Make an environment that has it:")
        print("  python3 -m venv /tmp/fuzz && /tmp/fuzz/bin/pip install -e . atheris")
        print("  /tmp/fuzz/bin/python benchmarks/fuzz.py")
        return 2
    if options.child is not None:
        fuzz(options.out, options.child)
        return 0
    return run(options.out, options.seconds)


if __name__ == "__main__":
    sys.exit(main())
