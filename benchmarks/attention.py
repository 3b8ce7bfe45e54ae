"""Speed of attention on the masks of the five problems, forward and backward, all implementations in one run.

    python benchmarks/attention.py [--masks bcmf-10 sudoku] [--batches 1 8 64] [--heads 2] [--width 32]
        [--threads 1] [--seconds 0.5] [--cpu-time] [--json FILE]

Peers: `paper` pads every row to the largest degree and gathers (Weilbach et al. 2022), `sdpa` is torch's
dense attention with an additive mask. Both are differentiated by autograd. An implementation that
disagrees with the reference gets no figure.
"""

from __future__ import annotations

import argparse
import datetime
import json
import platform
import statistics
import time
from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

from gsdmc.kernels.attention import sparse_attention
from gsdmc.kernels.structure import Structure

Ints = NDArray[np.int64]
Attention = Callable[[Tensor, Tensor, Tensor], Tensor]
MEMORY = 4 * 2**30  # bytes that one intermediate of a peer may take before its cell stays empty


def structure(nodes: int, edges: list[Ints]) -> Structure:
    """Symmetric structure from undirected edges, each `[2, M]`."""
    i, j = np.concatenate(edges, axis=1)
    own = np.arange(nodes)
    return Structure.build(nodes, np.concatenate([i, j, own]), np.concatenate([j, i, own]))


def arrays(*shapes: tuple[int, ...]) -> Iterator[Any]:
    """Node numbers of arrays that follow one another, and at last their total."""
    offset = 0
    for shape in shapes:
        size = int(np.prod(shape))
        yield offset + np.arange(size).reshape(shape)
        offset += size
    yield offset


def tie(a: Ints, b: Ints) -> Ints:
    """Edges between two arrays of nodes, broadcast against each other."""
    return np.stack(np.broadcast_arrays(a, b)).reshape(2, -1)


def cliques(rows: Ints) -> Ints:
    """All pairs within each row of `[G, S]`."""
    i, j = np.triu_indices(rows.shape[1], 1)
    return tie(rows[:, i], rows[:, j])


def bcmf(m: int, n: int, k: int) -> Structure:
    """A m×k, R k×n, C m×n×k, E m×n: a product and its sum, C tied to its A, R and E."""
    A, R, C, E, nodes = arrays((m, 1, k), (k, n), (m, n, k), (m, n, 1))
    return structure(nodes, [tie(C, A), tie(C, R.T[None]), tie(C, E)])


def sorting(n: int) -> Structure:
    """P's rows and columns are cliques; C tied to its P, u and s; s to its neighbours."""
    P, C, u, s, nodes = arrays((n, n), (n, n), (1, n), (n, 1))
    ties = [tie(C, P), tie(C, u), tie(C, s), tie(s[1:], s[:-1])]
    return structure(nodes, [cliques(P), cliques(P.T), *ties])


def sudoku() -> Structure:
    """Rows, columns and boxes are cliques."""
    grid = np.arange(81).reshape(9, 9)
    boxes = grid.reshape(3, 3, 3, 3).swapaxes(1, 2).reshape(9, 9)
    return structure(81, [cliques(grid), cliques(grid.T), cliques(boxes)])


def tree(depth: int) -> Structure:
    """A full binary tree over 2^depth inputs."""
    child = np.arange(1, 2 ** (depth + 1) - 1)
    return structure(child.size + 1, [tie(child, (child - 1) // 2)])


MASKS: dict[str, Callable[[], Structure]] = {
    "bcmf-10": lambda: bcmf(10, 10, 10),
    "bcmf-5-5-3": lambda: bcmf(5, 5, 3),
    "sorting-20": lambda: sorting(20),
    "sudoku": sudoku,
    "boolean-8": lambda: tree(8),
    "bcmf-200": lambda: bcmf(200, 200, 10),
}
DEFAULT_MASKS = list(MASKS)[:-1]


def paper(s: Structure) -> Attention:
    """Gather keys and values of every neighbour, each row padded to the largest degree."""
    slots = torch.arange(int(s.degrees.max()))
    empty = slots >= s.degrees[:, None]  # [N, g]
    table = s.indices[(s.indptr[:-1, None] + slots).clamp(max=s.entries - 1)].masked_fill(empty, 0)
    minus = torch.zeros(empty.shape).masked_fill(empty, -torch.inf)

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        scores = torch.einsum("bhnd,bhngd->bhng", q, k[:, :, table]) * q.shape[-1] ** -0.5
        weights = torch.softmax(scores + minus.to(q.dtype), dim=-1)
        return torch.einsum("bhng,bhngd->bhnd", weights, v[:, :, table])

    return attend


def sdpa(s: Structure) -> Attention:
    mask = torch.full((s.nodes, s.nodes), -torch.inf)
    mask[s.rows, s.indices] = 0

    def attend(q: Tensor, k: Tensor, v: Tensor) -> Tensor:
        return functional.scaled_dot_product_attention(q, k, v, mask.to(q.dtype))

    return attend


def ours(backend: str) -> Callable[[Structure], Attention]:
    return lambda s: lambda q, k, v: sparse_attention(q, k, v, s, backend=backend)


IMPLEMENTATIONS: dict[str, Callable[[Structure], Attention]] = {
    "auto": ours("auto"),
    "cpu": ours("cpu"),
    "dense": ours("dense"),
    "paper": paper,
    "sdpa": sdpa,
}


def largest_intermediate(name: str, s: Structure, batch: int, heads: int, width: int) -> int:
    """Bytes of the largest tensor that an implementation makes."""
    numbers = {
        "paper": s.nodes * int(s.degrees.max()) * width,
        "dense": s.nodes**2,
        "sdpa": s.nodes**2,
    }
    return 4 * batch * heads * numbers.get(name, s.nodes * width)


def inputs(s: Structure, batch: int, heads: int, width: int, dtype: torch.dtype) -> list[Tensor]:
    """q, k, v and the upstream gradient, laid out as a network's projections leave them."""
    generator = torch.Generator().manual_seed(0)
    x = torch.randn(4, batch, s.nodes, heads, width, generator=generator, dtype=torch.float64)
    return [y.to(dtype).transpose(1, 2).requires_grad_(n < 3) for n, y in enumerate(x)]


def pass_through(attend: Attention, tensors: list[Tensor]) -> list[Tensor]:
    q, k, v, upstream = tensors
    out = attend(q, k, v)
    return [out.detach(), *torch.autograd.grad(out, (q, k, v), upstream)]


def disagreement(attend: Attention, s: Structure, heads: int, width: int) -> float:
    """Largest difference from the float64 reference, relative to the largest value, gradients included."""
    backend = "reference" if s.nodes <= 3000 else "cpu"  # dense products of more nodes don't fit
    exact = pass_through(ours(backend)(s), inputs(s, 2, heads, width, torch.float64))
    got = pass_through(attend, inputs(s, 2, heads, width, torch.float32))
    return max(float((a - b).abs().max() / b.abs().max()) for a, b in zip(got, exact, strict=True))


def milliseconds(run: Callable[[], object], clock: Callable[[], float], seconds: float) -> float:
    """Median of at least three runs after two to warm up."""
    for _ in range(2):
        run()
    times: list[float] = []
    while len(times) < 3 or (sum(times) < seconds and len(times) < 200):
        start = clock()
        run()
        times.append(clock() - start)
    return 1e3 * statistics.median(times)


def measure(arguments: argparse.Namespace) -> list[dict[str, Any]]:
    clock = time.thread_time if arguments.cpu_time else time.perf_counter
    heads, width = arguments.heads, arguments.width
    rows = []
    print(f"{'mask':12}{'nodes':>8}{'entries':>9}{'batch':>6}", *(f"{n:>9}" for n in IMPLEMENTATIONS))
    for mask in arguments.masks:
        s = MASKS[mask]()
        for batch in arguments.batches:
            cells: dict[str, float | None] = {}
            for name, make in IMPLEMENTATIONS.items():
                cells[name] = None
                if largest_intermediate(name, s, batch, heads, width) > MEMORY:
                    continue
                attend = make(s)
                error = disagreement(attend, s, heads, width)
                if not error < 1e-5:
                    print(f"{mask}: {name} disagrees with the reference by {error:.1e}; not timed")
                    continue
                tensors = inputs(s, batch, heads, width, torch.float32)
                cells[name] = milliseconds(partial(pass_through, attend, tensors), clock, arguments.seconds)
            shown = (" " * 8 + "–" if x is None else f"{x:9.2f}" for x in cells.values())
            print(f"{mask:12}{s.nodes:8}{s.entries:9}{batch:6}", *shown, flush=True)
            rows.append({"mask": mask, "nodes": s.nodes, "entries": s.entries, "batch": batch, "ms": cells})
    return rows


def machine() -> dict[str, Any]:
    """What a figure depends on."""
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    model = next((x.split(":", 1)[1].strip() for x in lines if x.startswith("model name")), "")
    return {
        "cpu": model or platform.processor(),
        "instructions": torch.backends.cpu.get_cpu_capability(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "torch": torch.__version__,
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
    }


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--masks", nargs="+", choices=MASKS, default=DEFAULT_MASKS)
    parser.add_argument("--batches", nargs="+", type=int, default=[1, 8, 64])
    parser.add_argument("--heads", type=int, default=2)
    parser.add_argument("--width", type=int, default=32, help="numbers per head")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--seconds", type=float, default=0.5, help="time spent per cell, roughly")
    parser.add_argument("--cpu-time", action="store_true", help="this thread's CPU time: for busy machines")
    parser.add_argument("--json", type=Path, help="write figures, machine and versions here")
    arguments = parser.parse_args()
    if arguments.cpu_time and arguments.threads != 1:
        parser.error("--cpu-time counts one thread only: use it with --threads 1")
    torch.set_num_threads(arguments.threads)
    clock = "CPU time" if arguments.cpu_time else "wall time"
    print(f"forward and backward, median {clock} in ms, float32, {arguments.threads} threads, ", end="")
    print(f"{arguments.heads} heads of {arguments.width}")
    rows = measure(arguments)
    if arguments.json:
        settings = {k: getattr(arguments, k) for k in ("heads", "width", "threads", "cpu_time")}
        result = {"machine": machine(), "settings": settings, "unit": "ms", "rows": rows}
        arguments.json.write_text(json.dumps(result, indent=1) + "\n")


if __name__ == "__main__":
    main()
