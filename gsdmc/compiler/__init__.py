"""The compiler: drives reading, tracing and lowering into a compiled problem."""

from gsdmc.compiler.archive import read_problem, write_problem
from gsdmc.compiler.compile import bundled, compile_problem, compile_text, compile_with
from gsdmc.compiler.options import CompileOptions
from gsdmc.compiler.problem import Problem

__all__ = [
    "CompileOptions",
    "Problem",
    "bundled",
    "compile_problem",
    "compile_text",
    "compile_with",
    "read_problem",
    "write_problem",
]
