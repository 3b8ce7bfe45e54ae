"""Clocks for a CUDA device; in triton's interpreter, what runs in their place and says nothing of time."""

from __future__ import annotations

import gc
import math
import time
from collections.abc import Callable
from typing import Any

import torch

from .timing import Sampler

FLUSH = 2**28  # bytes written before a sample, several times the L2 of any GPU so far


class Device:
    """Where to run, and how to take a sample there.

    Attributes:
        interpreted: whether kernels run in triton's interpreter, on the CPU.
        name: torch's name of the device.
    """

    def __init__(self, interpreted: bool) -> None:
        self.interpreted = interpreted
        self.name = "cpu" if interpreted else "cuda"
        self.flush = torch.empty(0 if interpreted else FLUSH, dtype=torch.int8, device=self.name)

    def facts(self) -> dict[str, Any]:
        """What a figure depends on."""
        if self.interpreted:
            return {"name": "triton's interpreter"}
        p = torch.cuda.get_device_properties(0)
        return {
            "name": p.name,
            "capability": f"{p.major}.{p.minor}",
            "memory_gib": round(p.total_memory / 2**30, 1),
            "multiprocessors": p.multi_processor_count,
            "l2_mib": round(p.L2_cache_size / 2**20),
            "cuda": torch.version.cuda,
        }

    def free(self) -> int:
        """Bytes of memory for a peer."""
        return 2**30 if self.interpreted else torch.cuda.mem_get_info()[0]

    def tidy(self) -> None:
        """Give back what earlier graphs held."""
        gc.collect()
        if not self.interpreted:
            torch.cuda.empty_cache()

    def wait(self) -> None:
        """Until all that was started is done."""
        if not self.interpreted:
            torch.cuda.synchronize()

    def eager(self, run: Callable[[], object]) -> Sampler:
        """Seconds from the call until the device is done, Python and launches included."""

        def sample() -> float:
            self.flush.zero_()
            self.wait()
            start = time.perf_counter()
            run()
            self.wait()
            return time.perf_counter() - start

        sample()
        return sample

    def graph(self, run: Callable[[], object]) -> Sampler:
        """Seconds that the device takes for a captured run, nothing of it in the caches at the start."""
        if self.interpreted:
            return self.eager(run)
        stream = torch.cuda.Stream()  # type: ignore[no-untyped-call]
        stream.wait_stream(torch.cuda.current_stream())
        with torch.cuda.stream(stream):
            for _ in range(2):
                run()
        torch.cuda.current_stream().wait_stream(stream)
        captured = torch.cuda.CUDAGraph()
        with torch.cuda.graph(captured):
            kept = (run, run())
        start, end = (_event() for _ in range(2))

        def sample() -> float:
            assert kept  # what the graph reads and writes must stay where it is
            self.flush.zero_()
            start.record()
            captured.replay()
            end.record()
            end.synchronize()
            return float(start.elapsed_time(end)) / 1e3

        sample()
        return sample

    def copy_rate(self, size: int = 2**31) -> float:
        """Bytes a second, read and written, of the best of some copies within device memory."""
        if self.interpreted:
            size = 2**10
        x = torch.ones(size, dtype=torch.int8, device=self.name)
        y = torch.empty_like(x)
        sample = self.graph(lambda: y.copy_(x))
        return 2 * size / min(sample() for _ in range(20))


def _event() -> torch.cuda.Event:
    return torch.cuda.Event(enable_timing=True)  # type: ignore[no-untyped-call]


def floor_bytes(batch: int, nodes: int, heads: int, width: int, size: int, kind: str) -> int:
    """The fewest bytes: q, k, v, out once forward; those, dO and the three gradients once backward."""
    tensor = batch * nodes * heads * width * size
    return {"forward": 4, "backward": 8, "both": 12}[kind] * tensor


def significant(x: float) -> float:
    """Four digits; None would be no number, so infinite ones stay."""
    return float(f"{x:.4g}") if math.isfinite(x) else x
