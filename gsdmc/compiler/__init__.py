"""The compiler: drives reading, tracing and lowering into a compiled problem."""

from gsdmc.compiler.archive import read_problem, write_problem
from gsdmc.compiler.compile import bundled, compile_problem, compile_text
from gsdmc.compiler.problem import Problem

__all__ = ["Problem", "bundled", "compile_problem", "compile_text", "read_problem", "write_problem"]
