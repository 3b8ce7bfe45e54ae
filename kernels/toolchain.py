"""What this machine has to build native code with: triton and torch.compile want it, nothing needs it."""

from __future__ import annotations

import os
import shutil
import sys
import sysconfig
from importlib.util import find_spec
from pathlib import Path


def c_compiler() -> str | None:
    """The C compiler that triton builds the launcher of its kernels with: `CC`, gcc or clang."""
    named = os.environ.get("CC")
    return shutil.which(named) if named else shutil.which("gcc") or shutil.which("clang")


def cxx_compiler() -> str | None:
    """The C++ compiler that torch.compile builds its kernels for the CPU with: `CXX`, g++ or clang++."""
    usual = "clang++" if sys.platform == "darwin" else "g++"
    return shutil.which(os.environ.get("CXX") or usual)


def python_headers() -> bool:
    """Whether Python.h is there, which both need; slim images and bare packages of Python leave it out."""
    scheme = sysconfig.get_default_scheme()
    if scheme == "posix_local":  # Debian's, for what is installed beside its packages: the headers are theirs
        scheme = "posix_prefix"
    return Path(sysconfig.get_path("include", scheme), "Python.h").is_file()


def triton_lacks() -> str | None:
    """What keeps triton's kernels from running on any GPU of this machine; None where nothing does."""
    if find_spec("triton") is None:
        return "triton is not installed"
    return _lacking(c_compiler(), "C", "triton")


def compile_lacks() -> str | None:
    """What keeps torch.compile from working on the CPU of this machine; None where nothing does."""
    return _lacking(cxx_compiler(), "C++", "torch.compile")


def _lacking(compiler: str | None, language: str, what: str) -> str | None:
    if compiler is None:
        return f"there is no {language} compiler, which {what} needs"
    return None if python_headers() else f"there are no Python headers (Python.h), which {what} needs"
