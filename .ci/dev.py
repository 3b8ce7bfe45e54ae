"""Make the project's environment and run a task in it, with nothing but Python.

`python3 .ci/dev.py demo|test|lint|types|docs|tutorials|format|bench|wheel [arguments]`; make calls it.
The environment is `.venv`, installed under constraints.txt, and again when that or pyproject.toml changes.
pip's own settings apply: PIP_EXTRA_INDEX_URL or PIP_FIND_LINKS choose, for instance, a CPU build of torch.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
VENV = ROOT / ".venv"
BIN = VENV / ("Scripts" if os.name == "nt" else "bin")
PYTHON = BIN / ("python.exe" if os.name == "nt" else "python")
SOURCES = ("pyproject.toml", "README.md", "LICENSE", "gsdmc", "grammar", "kernels", "programs")
TYPED_SCRIPTS = (".ci", "examples", "benchmarks")
OLDEST = (3, 11)


def run(*command: str | Path, **environment: str) -> int:
    """Run a command in the repository root; its exit code."""
    return subprocess.run([str(c) for c in command], cwd=ROOT, env=os.environ | environment).returncode


def require(*command: str | Path, hint: str) -> None:
    if run(*command):
        sys.exit(f"dev.py: failed: {' '.join(map(str, command))}\n  {hint}")


def fingerprint() -> str:
    digest = hashlib.sha256(sys.version.encode())
    for name in ("pyproject.toml", "constraints.txt"):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def of_this_python() -> bool:
    """Whether `.venv` was made by the Python that runs this script."""
    config = VENV / "pyvenv.cfg"
    version = sys.version.split()[0]
    return config.exists() and any(
        line.partition("=")[2].strip() == version
        for line in config.read_text().splitlines()
        if line.startswith("version")
    )


def ensure_environment(extra: str | None) -> None:
    """Make `.venv` hold the package, editable, with an extra; quick when it already does."""
    if sys.version_info < OLDEST:
        have, need = sys.version.split()[0], ".".join(map(str, OLDEST))
        sys.exit(
            f"dev.py: Python {have} is too old; gsdmc needs {need} or newer.\n"
            "  Name another: make test PYTHON=python3.12"
        )
    stamps = {e: VENV / f"gsdmc-{e or 'run'}.stamp" for e in (None, "test", "docs")}
    wanted, current = fingerprint(), stamps[extra]
    valid = {e for e, stamp in stamps.items() if stamp.exists() and stamp.read_text() == wanted}
    # What the tests or the documents need includes what a run needs.
    if extra in valid or (extra is None and valid):
        return
    for e in set(stamps) - valid:  # the others stay true: one extra's versions contradict no other's
        stamps[e].unlink(missing_ok=True)
    target = f".[{extra}]" if extra else "."
    print(f"Installing gsdmc into {VENV} (the first time takes minutes: torch is large)", flush=True)
    make = (sys.executable, "-m", "venv", VENV, *(() if of_this_python() else ("--clear",)))
    require(*make, hint="Debian and Ubuntu keep this module in the package python3-venv.")
    # A person sees torch arrive; a log needs no progress bars.
    quiet = () if sys.stdout.isatty() else ("--quiet",)
    pip = (PYTHON, "-m", "pip", "install", *quiet, "--disable-pip-version-check", "-c", "constraints.txt")
    hint = "Behind a mirror, set PIP_INDEX_URL; for wheels on disk, PIP_FIND_LINKS."
    require(*pip, "setuptools", hint=hint)
    require(*pip, "--no-build-isolation", "--editable", target, hint=hint)
    current.write_text(wanted)


def demo(arguments: Sequence[str]) -> int:
    """Compile, train, sample and draw the paper's running example."""
    ensure_environment(None)
    return run(PYTHON, "examples/demo.py", *arguments)


def test(arguments: Sequence[str]) -> int:
    """Run every test."""
    ensure_environment("test")
    workers = str(min(os.cpu_count() or 1, 4))
    # One thread a worker: the workers already fill the cores.
    return run(BIN / "pytest", "-n", workers, *arguments, OMP_NUM_THREADS="1", MPLBACKEND="agg")


def lint(arguments: Sequence[str]) -> int:
    """Check style and formatting."""
    ensure_environment("test")
    return run(BIN / "ruff", "check", *arguments) | run(BIN / "ruff", "format", "--check")


def format_sources(arguments: Sequence[str]) -> int:
    """Apply what lint can repair."""
    ensure_environment("test")
    return run(BIN / "ruff", "check", "--fix", *arguments) | run(BIN / "ruff", "format")


def build_wheel(python: str | Path, out: Path) -> Path:
    """Build the package's wheel from a copy of its sources.

    A build in place would pick up modules that an earlier one left in `build/` and that are gone since.
    """
    with tempfile.TemporaryDirectory() as folder:
        for name in SOURCES:
            source, copy = ROOT / name, Path(folder) / name
            if source.is_dir():
                shutil.copytree(source, copy, ignore=shutil.ignore_patterns("__pycache__"))
            else:
                shutil.copy(source, copy)
        options = ("--quiet", "--no-deps", "--no-build-isolation", "--wheel-dir", out)
        require(
            python,
            "-m",
            "pip",
            "wheel",
            *options,
            folder,
            hint="Is setuptools installed? It is in gsdmc[test].",
        )
    return next(out.glob("gsdmc-*.whl"))


def wheel(arguments: Sequence[str]) -> int:
    """Build the wheel into dist/, or the folder named."""
    ensure_environment("test")
    print(build_wheel(PYTHON, Path(arguments[0] if arguments else "dist").resolve()))
    return 0


def in_the_tree(report: str) -> str:
    """A report with the paths of the plain install turned into those of the sources."""
    for name in ("grammar", "kernels", "programs"):
        report = report.replace(f"build/types/site/gsdmc/{name}/", f"{name}/")
    return report.replace("build/types/site/", "")


def types(arguments: Sequence[str]) -> int:
    """Type-check a plain install: mypy can't see the folders that an editable one maps."""
    ensure_environment("test")
    build = ROOT / "build" / "types"
    shutil.rmtree(build, ignore_errors=True)
    package = build_wheel(PYTHON, build / "wheel")
    install = (PYTHON, "-m", "pip", "install", "--quiet", "--no-deps", "--target")
    require(*install, build / "site", package, hint="")
    scripts = sorted(p for folder in TYPED_SCRIPTS for p in (ROOT / folder).glob("*.py"))
    failed = 0
    environment = os.environ | {"MYPYPATH": str(build / "site")}
    for what in (["-p", "gsdmc", *arguments], [str(p) for p in scripts]):
        command = [str(BIN / "mypy"), *what]
        done = subprocess.run(command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True)
        print(in_the_tree(done.stdout), end="", flush=True)
        failed |= done.returncode
    return failed


def docs(arguments: Sequence[str]) -> int:
    """Build the documentation site into build/site, where a warning is an error."""
    ensure_environment("docs")
    # Says nothing of this build: what the theme's makers plan.
    return run(BIN / "mkdocs", "build", "--strict", *arguments, NO_MKDOCS_2_WARNING="1")


def tutorials(arguments: Sequence[str]) -> int:
    """Run tutorials, all or those named, and write their pages; minutes for each."""
    ensure_environment(None)
    return run(PYTHON, ".ci/tutorials.py", *arguments)


def bench(arguments: Sequence[str]) -> int:
    """Run a benchmark by name; without one, list them."""
    names = sorted(p.stem for p in (ROOT / "benchmarks").glob("*.py"))
    if not arguments or arguments[0] not in names:
        print("benchmarks:", ", ".join(names) or "none")
        return 1 if arguments else 0
    ensure_environment(None)
    return run(PYTHON, f"benchmarks/{arguments[0]}.py", *arguments[1:])


TASKS: dict[str, Callable[[Sequence[str]], int]] = {
    "demo": demo,
    "test": test,
    "lint": lint,
    "types": types,
    "docs": docs,
    "tutorials": tutorials,
    "format": format_sources,
    "bench": bench,
    "wheel": wheel,
}


def main() -> int:
    if len(sys.argv) < 2 or sys.argv[1] not in TASKS:
        print("usage: python3 .ci/dev.py TASK [arguments]\n")
        print("\n".join(f"  {name:10s}{task.__doc__}" for name, task in TASKS.items()))
        return 2
    return TASKS[sys.argv[1]](sys.argv[2:])


if __name__ == "__main__":
    sys.exit(main())
