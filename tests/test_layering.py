"""The stages import in one direction, and the sources hold nothing that runs a user's file as code."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

ROOT = Path(__file__).resolve().parent.parent


def load_checker() -> ModuleType:
    spec = importlib.util.spec_from_file_location("layering", ROOT / ".ci" / "layering.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    # dataclasses look their module up there.
    sys.modules["layering"] = module
    spec.loader.exec_module(module)
    return module


layering = load_checker()


def messages(path: str, text: str) -> list[str]:
    return [o.message for o in layering.check_source(Path(path), text)]


def test_the_tree_has_no_offence() -> None:
    assert [str(o) for o in layering.check_tree(ROOT)] == []


def test_every_stage_exists_and_every_folder_is_a_stage() -> None:
    folders = {p.parent.name for p in (ROOT / "gsdmc").glob("*/__init__.py")}
    assert folders == set(layering.CHAIN) - {"api"}
    assert all((ROOT / name / "__init__.py").exists() for name in layering.ASIDE)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("gsdmc/language/a.py", "import gsdmc.graph"),
        ("gsdmc/language/a.py", "from gsdmc.graph.factor_graph import FactorGraph"),
        ("gsdmc/language/a.py", "from gsdmc import graph"),
        ("gsdmc/language/a.py", "from ..graph import factor_graph"),
        ("gsdmc/language/a.py", "from .. import graph"),
        ("gsdmc/language/__init__.py", "from ..graph import factor_graph"),
        ("gsdmc/language/a.py", "def f():\n    from gsdmc.graph import x"),
        (
            "gsdmc/language/a.py",
            "import typing\nif typing.TYPE_CHECKING:\n    import gsdmc.graph",
        ),
        ("gsdmc/language/a.py", "import importlib\nimportlib.import_module('gsdmc.graph.factor_graph')"),
        ("gsdmc/language/a.py", "import gsdmc.kernels"),
        ("gsdmc/graph/a.py", "from gsdmc.kernels.structure import Structure"),
        ("gsdmc/model/a.py", "from importlib.resources import files\nfiles('gsdmc.grammar')"),
        ("gsdmc/layout/a.py", "import gsdmc.programs"),
        ("gsdmc/training/a.py", "from gsdmc import compile"),
        ("gsdmc/inference/a.py", "import gsdmc.cli.main"),
        ("gsdmc/__init__.py", "import gsdmc.cli"),
        ("kernels/a.py", "import gsdmc.layout"),
        ("kernels/a.py", "from ..layout import layout"),
        ("gsdmc/model/a.py", "import kernels"),
        ("gsdmc/model/a.py", "import gsdmc.utils"),
        ("gsdmc/utils/a.py", ""),
        ("gsdmc/model/a.py", "import polars"),
        ("gsdmc/model/a.py", "import pickle"),
        ("gsdmc/model/a.py", "from pickle import loads"),
        ("gsdmc/model/a.py", "import torch\ntorch.load('x')"),
        ("gsdmc/model/a.py", "from torch import load"),
        ("kernels/a.py", "eval('1')"),
        ("kernels/a.py", "f = exec"),
        ("gsdmc/cli/a.py", "import subprocess\nsubprocess.run('ls', shell=True)"),
        ("gsdmc/cli/a.py", "import numpy as np\nnp.load('x', allow_pickle=True)"),
        ("gsdmc/training/a.py", "import torch\ntorch.manual_seed(0)"),
    ],
)
def test_an_offence_is_found(path: str, text: str) -> None:
    assert len(messages(path, text)) == 1


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("gsdmc/graph/a.py", "from gsdmc.program.trace import trace"),
        ("gsdmc/graph/a.py", "from .factor_graph import FactorGraph"),
        ("gsdmc/graph/__init__.py", "from .factor_graph import FactorGraph"),
        ("gsdmc/language/a.py", "from importlib.resources import files\nfiles('gsdmc.grammar')"),
        ("gsdmc/language/a.py", "from pathlib import Path\nPath('gsdmc.lark')"),
        ("gsdmc/layout/a.py", "from gsdmc.kernels.structure import Structure"),
        ("gsdmc/compiler/a.py", "from gsdmc import programs"),
        ("gsdmc/cli/a.py", "from gsdmc import compile"),
        ("gsdmc/__main__.py", "from gsdmc.cli.main import main"),
        ("gsdmc/__init__.py", "from gsdmc.training import train"),
        ("kernels/a.py", "from .structure import Structure\nimport triton.language"),
        ("gsdmc/model/a.py", "import torch\ntorch.nn.Linear(1, 1).eval()"),
        ("gsdmc/cli/a.py", "import numpy as np\nnp.load('x', allow_pickle=False)"),
    ],
)
def test_what_is_allowed_passes(path: str, text: str) -> None:
    assert messages(path, text) == []


def test_an_offence_names_its_place() -> None:
    (offence,) = layering.check_source(Path("gsdmc/graph/a.py"), "\n\nimport gsdmc.layout\n")
    assert str(offence) == "gsdmc/graph/a.py:3: graph may not import layout (gsdmc.layout)"
