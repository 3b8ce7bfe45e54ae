"""The wheel holds what the tree holds, and the pins cover what the package asks for."""

from __future__ import annotations

import runpy
import sys
import tomllib
import zipfile
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parent.parent
FOLDERS = {
    "gsdmc": "gsdmc",
    "grammar": "gsdmc/grammar",
    "kernels": "gsdmc/kernels",
    "programs": "gsdmc/programs",
}
PROJECT: dict[str, Any] = tomllib.loads((ROOT / "pyproject.toml").read_text())


def installed_paths() -> dict[str, Path]:
    """Each file of the package: its path in the wheel and in the tree."""
    return {
        f"{target}/{path.relative_to(ROOT / folder).as_posix()}": path
        for folder, target in FOLDERS.items()
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts and path.suffix != ".md"
    }


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> zipfile.ZipFile:
    out = tmp_path_factory.mktemp("wheel")
    build_wheel = runpy.run_path(str(ROOT / ".ci" / "dev.py"))["build_wheel"]
    return zipfile.ZipFile(build_wheel(sys.executable, out))


def test_the_wheel_holds_every_file_of_the_tree_and_no_other(wheel: zipfile.ZipFile) -> None:
    held = {name for name in wheel.namelist() if ".dist-info/" not in name}
    assert held == installed_paths().keys()


def test_the_wheel_holds_licence_and_command(wheel: zipfile.ZipFile) -> None:
    names = wheel.namelist()
    (licence,) = [n for n in names if n.endswith("licenses/LICENSE")]
    assert wheel.read(licence) == (ROOT / "LICENSE").read_bytes()
    (entry_points,) = [n for n in names if n.endswith("entry_points.txt")]
    assert "gsdmc = gsdmc.cli.main:main" in wheel.read(entry_points).decode()


def test_the_listed_packages_are_those_of_the_tree() -> None:
    found = {p.rpartition("/")[0].replace("/", ".") for p in installed_paths() if p.endswith(".py")}
    listed = PROJECT["tool"]["setuptools"]["packages"]
    assert sorted(listed) == sorted(found)


def test_every_package_has_an_init_file() -> None:
    for path in installed_paths().values():
        assert (path.parent / "__init__.py").exists(), path


def test_every_dependency_is_pinned_within_its_range() -> None:
    lines = (ROOT / "constraints.txt").read_text().splitlines()
    pins = dict(line.split("==") for line in lines if line and not line.startswith("#"))
    pinned = {canonicalize_name(name): version for name, version in pins.items()}
    project = PROJECT["project"]
    for text in [*project["dependencies"], *project["optional-dependencies"]["test"]]:
        requirement = Requirement(text)
        assert requirement.specifier.contains(pinned[canonicalize_name(requirement.name)]), text


def test_the_changelog_has_the_version() -> None:
    heading = f"## [{PROJECT['project']['version']}]"
    assert heading in (ROOT / "CHANGELOG.md").read_text()
