"""Check what the sources may import and call; prints each offence as `path:line: message`.

The stages form one chain and none imports a later one, at whatever depth the import stands. The
grammar, the programs and the kernels stand outside the chain. `python3 .ci/layering.py [ROOT]` exits
with 1 on any offence.
"""

from __future__ import annotations

import ast
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TypeGuard

CHAIN = (
    "language",
    "program",
    "graph",
    "layout",
    "compiler",
    "model",
    "diffusion",
    "training",
    "inference",
    "api",  # gsdmc/__init__.py, what a user's script imports
    "cli",
)
# Outside the chain: the first stage that may import each, and the last.
ASIDE = {"grammar": ("language", "language"), "kernels": ("layout", "cli"), "programs": ("compiler", "cli")}
FOLDERS = ("gsdmc", *ASIDE)
DEPENDENCIES = {
    "lark",
    "matplotlib",
    "networkx",
    "numpy",
    "pandas",
    "safetensors",
    "scipy",
    "sklearn",
    "torch",
    "triton",
    "xarray",
}
UNSAFE_MODULES = {"cloudpickle", "dill", "joblib", "marshal", "pickle", "shelve"}
UNSAFE_BUILTINS = {"eval", "exec", "__import__"}
UNSAFE_CALLS = {
    "torch.load": "it unpickles; use safetensors",
    "torch.save": "it pickles; use safetensors",
    "os.system": "no shell",
    "os.popen": "no shell",
    "torch.manual_seed": "no global random state; pass a torch.Generator",
    "np.random.seed": "no global random state; pass a numpy Generator",
    "numpy.random.seed": "no global random state; pass a numpy Generator",
}
ONLY_FALSE = {"allow_pickle", "shell"}
DOTTED = re.compile(r"gsdmc(\.[a-z_]\w*)+")


@dataclass(frozen=True)
class Offence:
    """One place that breaks a rule."""

    path: Path
    line: int
    message: str

    def __str__(self) -> str:
        return f"{self.path}:{self.line}: {self.message}"


def module_name(path: Path) -> str:
    """The import name of a source file given by its path in the repository."""
    parts = list(path.with_suffix("").parts)
    if parts[0] in ASIDE:
        parts.insert(0, "gsdmc")
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def stage(module: str) -> str | None:
    """The stage of a module named in full; None outside gsdmc, `?name` where there is no such stage."""
    head, *rest = module.split(".")
    if head != "gsdmc":
        return None
    name = {"__main__": "cli"}.get(rest[0], rest[0]) if rest else "api"
    return name if name in CHAIN or name in ASIDE else f"?{name}"


def names_module(value: object) -> TypeGuard[str]:
    """Whether a value is a module's name in full: `gsdmc.graph`, but not the file `gsdmc.lark`."""
    if not isinstance(value, str) or not DOTTED.fullmatch(value):
        return False
    return not (stage(value) or "?").startswith("?")


def may_import(importer: str, imported: str) -> bool:
    if importer == imported:
        return True
    if importer in ASIDE:
        return False
    first, last = ASIDE.get(imported, (imported, "cli"))
    return CHAIN.index(first) <= CHAIN.index(importer) <= CHAIN.index(last)


def imports(tree: ast.Module, module: str, is_package: bool) -> Iterator[tuple[int, str]]:
    """Line and full name of every module imported, or named in a string, anywhere in a file."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = node.module or ""
            if node.level:
                parts = module.split(".")
                parts = parts[: len(parts) - node.level + is_package]
                base = ".".join([*parts, base] if base else parts)
            if base != "gsdmc":
                yield node.lineno, base
                continue
            for alias in node.names:
                # `from gsdmc import compile` takes a name of the API, not a stage.
                full = f"gsdmc.{alias.name}"
                yield node.lineno, full if names_module(full) else base
        elif isinstance(node, ast.Constant) and names_module(node.value):
            yield node.lineno, node.value


def forbidden_calls(tree: ast.Module) -> Iterator[tuple[int, str]]:
    """Line and reason of every use that runs, or unpickles, what a file says, or shares random state."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id in UNSAFE_BUILTINS:
            yield node.lineno, f"{node.id} is not allowed: nothing a user hands us is run as Python"
        elif isinstance(node, ast.Attribute) and (name := ast.unparse(node)) in UNSAFE_CALLS:
            yield node.lineno, f"{name} is not allowed: {UNSAFE_CALLS[name]}"
        elif isinstance(node, ast.ImportFrom) and node.module:
            for alias in node.names:
                if (name := f"{node.module}.{alias.name}") in UNSAFE_CALLS:
                    yield node.lineno, f"{name} is not allowed: {UNSAFE_CALLS[name]}"
        elif isinstance(node, ast.keyword) and node.arg in ONLY_FALSE and ast.unparse(node.value) != "False":
            yield node.value.lineno, f"{node.arg} may only be False"


def check_import(importer: str, name: str) -> str | None:
    """Why a module of one stage may not import `name`, or None."""
    head, imported = name.split(".")[0], stage(name)
    if head in UNSAFE_MODULES:
        return f"{head} is not allowed: files are data, never code"
    if head in ASIDE:
        return f"import gsdmc.{name}, not {name}: the folder would be loaded twice"
    if imported is None:
        known = head in DEPENDENCIES or head in sys.stdlib_module_names
        return None if known else f"{head} is no dependency of gsdmc"
    if imported.startswith("?"):
        return f"{name} belongs to no stage"
    return None if may_import(importer, imported) else f"{importer} may not import {imported} ({name})"


def check_source(path: Path, text: str) -> list[Offence]:
    """Every offence of one file, given its path in the repository and its text."""
    tree, module = ast.parse(text, str(path)), module_name(path)
    importer = stage(module)
    if importer is None or importer.startswith("?"):
        return [Offence(path, 1, f"{module} belongs to no stage; see docs/decisions and .ci/layering.py")]
    found = [
        Offence(path, line, message)
        for line, name in imports(tree, module, path.name == "__init__.py")
        if (message := check_import(importer, name))
    ]
    return found + [Offence(path, line, message) for line, message in forbidden_calls(tree)]


def check_tree(root: Path) -> list[Offence]:
    """Every offence under a repository's source folders."""
    files = sorted(p.relative_to(root) for folder in FOLDERS for p in (root / folder).rglob("*.py"))
    return [o for path in files for o in check_source(path, (root / path).read_text())]


def main() -> int:
    root = Path(sys.argv[1]) if len(sys.argv) > 1 else Path(__file__).resolve().parent.parent
    offences = check_tree(root)
    print("\n".join(map(str, offences)) or "layering: no offence")
    return bool(offences)


if __name__ == "__main__":
    sys.exit(main())
