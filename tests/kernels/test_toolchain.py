from __future__ import annotations

import os
import sys
import sysconfig
from pathlib import Path

import pytest

from gsdmc.kernels import toolchain


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A machine that has triton, headers, and no program but those put into the folder."""
    for name in ("CC", "CXX"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(toolchain, "find_spec", lambda _: object())
    monkeypatch.setattr(sysconfig, "get_path", lambda *_: str(tmp_path))
    (tmp_path / "Python.h").touch()
    return tmp_path


def install(folder: Path, name: str) -> str:
    path = folder / name
    path.touch(mode=0o755)
    return str(path)


def test_without_a_compiler_both_say_so(machine: Path) -> None:
    assert toolchain.c_compiler() is None
    assert toolchain.cxx_compiler() is None
    assert toolchain.triton_lacks() == "there is no C compiler, which triton needs"
    assert toolchain.compile_lacks() == "there is no C++ compiler, which torch.compile needs"


def test_compilers_are_found_in_the_order_of_those_who_use_them(
    machine: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    clang, gcc, cxx = (install(machine, name) for name in ("clang", "gcc", "g++"))
    assert toolchain.c_compiler() == gcc
    os.remove(gcc)
    assert toolchain.c_compiler() == clang
    monkeypatch.setattr(sys, "platform", "linux")
    assert toolchain.cxx_compiler() == cxx
    monkeypatch.setattr(sys, "platform", "darwin")
    assert toolchain.cxx_compiler() is None
    assert toolchain.triton_lacks() is None


def test_named_compilers_come_first(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(machine, "gcc")
    mine = install(machine, "mine")
    monkeypatch.setenv("CC", "mine")
    monkeypatch.setenv("CXX", mine)
    assert (toolchain.c_compiler(), toolchain.cxx_compiler()) == (mine, mine)
    monkeypatch.setenv("CC", "missing")
    assert toolchain.c_compiler() is None


def test_headers_are_needed_too(machine: Path) -> None:
    install(machine, "gcc")
    install(machine, "g++")
    install(machine, "clang++")
    assert toolchain.compile_lacks() is None
    os.remove(machine / "Python.h")
    assert toolchain.triton_lacks() == "there are no Python headers (Python.h), which triton needs"
    assert toolchain.compile_lacks() == "there are no Python headers (Python.h), which torch.compile needs"


def test_triton_may_be_absent(machine: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    install(machine, "gcc")
    monkeypatch.setattr(toolchain, "find_spec", lambda _: None)
    assert toolchain.triton_lacks() == "triton is not installed"
