"""Speed of the sudoku sampler on one core, and evidence that its grids are uniform.

    python benchmarks/sudoku_sampler.py [--oracle-seconds 60] [--out benchmarks/results/sudoku_sampler.json]

Three laws are compared by the number of 2 × 2 interchanges in a grid and by the share of pure first bands
(the same three triples in each of its boxes): the sampler's; a chain of digit, row and column swaps; and an
oracle in plain Python that shares no code with them, which blanks three digits or 45 to 54 cells, lists
every completion and draws one. Draws of the sampler are independent by construction; their
autocorrelation is printed all the same.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import time
from collections.abc import Callable
from itertools import combinations
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gsdmc.program.sudoku import sudoku_grids
from gsdmc.program.sudoku.swaps import gibbs_grids

Ints = NDArray[Any]
COMPLETION_LIMIT = 5000


def statistics(grids: Ints) -> Ints:
    """Per grid [B, 9, 9]: the number of 2 × 2 interchanges, and whether the first band is pure."""
    interchanges = np.zeros(len(grids))
    for turned in (grids, grids.swapaxes(1, 2)):
        for start in (0, 3, 6):
            for i, j in combinations(range(start, start + 3), 2):
                same = turned[:, i, :, None] == turned[:, j, None, :]
                interchanges += (same & same.swapaxes(1, 2)).sum((1, 2)) / 2
    triples = (1 << grids[:, :3].reshape(-1, 3, 3, 3)).sum(-1)
    pure = (triples[:, :1, 0] == triples[:, :, 1]).any(1)
    return np.stack([interchanges, pure], axis=1)


def invalid(grids: Ints) -> int:
    """How many grids [B, 9, 9] miss a digit in some row, column or box."""
    boxes = grids.reshape(-1, 3, 3, 3, 3).swapaxes(2, 3).reshape(grids.shape)
    units = np.concatenate([grids, grids.swapaxes(1, 2), boxes], axis=1)
    return int((np.sort(units, axis=2) != np.arange(9)).any((1, 2)).sum())


def completions(cells: list[int], blanks: list[int]) -> list[list[int]] | None:
    """All ways to fill the blanks, or None where there are more than `COMPLETION_LIMIT`."""
    rows, columns, boxes = ([0x1FF] * 9 for _ in range(3))
    blanked = set(blanks)
    for i, digit in enumerate(cells):
        if i not in blanked:
            row, column = divmod(i, 9)
            for unit, k in ((rows, row), (columns, column), (boxes, row // 3 * 3 + column // 3)):
                unit[k] &= ~(1 << digit)
    found: list[list[int]] = []
    filled = list(cells)
    where = {i: (i // 9, i % 9, i // 27 * 3 + i % 9 // 3) for i in blanks}

    def fill(left: list[int]) -> bool:
        if not left:
            found.append(list(filled))
            return len(found) <= COMPLETION_LIMIT
        best, options, fewest = -1, 0, 10
        for i in left:
            r, c, b = where[i]
            free = rows[r] & columns[c] & boxes[b]
            if free.bit_count() < fewest:
                best, options, fewest = i, free, free.bit_count()
                if fewest < 2:
                    break
        r, c, b = where[best]
        rest = [i for i in left if i != best]
        while options:
            bit = options & -options
            options ^= bit
            rows[r], columns[c], boxes[b] = rows[r] ^ bit, columns[c] ^ bit, boxes[b] ^ bit
            filled[best] = bit.bit_length() - 1
            go_on = fill(rest)
            rows[r], columns[c], boxes[b] = rows[r] ^ bit, columns[c] ^ bit, boxes[b] ^ bit
            if not go_on:
                return False
        return True

    return found if fill(blanks) else None


def oracle(seconds: float, seed: int, burn_in: int = 100) -> Ints:
    """States [T, 9, 9] of one long block Gibbs chain that starts at a cyclic grid.

    Where there are too many completions to list it stays. That depends on the cells left alone only, so
    each move is still an exact draw given them or no move, and the uniform law is invariant.
    """
    rng = random.Random(seed)
    cells = [(3 * (i // 9) + i // 27 + i) % 9 for i in range(81)]
    states: list[list[int]] = []
    end = time.process_time() + seconds
    while time.process_time() < end:
        if rng.random() < 0.9:
            digits = set(rng.sample(range(9), 3))
            blanks = [i for i in range(81) if cells[i] in digits]
        else:
            blanks = rng.sample(range(81), rng.randint(45, 54))
        options = completions(cells, blanks)
        cells = rng.choice(options) if options else cells
        states.append(cells)
    return np.array(states[burn_in:]).reshape(-1, 9, 9)


def with_error(values: Ints, batches: int = 40) -> dict[str, float]:
    """Mean, its standard error by batch means (valid for a chain too), and the effective sample size."""
    usable = values[: len(values) // batches * batches]
    means = usable.reshape(batches, -1).mean(1)
    error = float(means.std(ddof=1) / batches**0.5)
    return {
        "mean": float(usable.mean()),
        "error": error,
        "draws": len(usable),
        "effective": float(usable.var() / error**2),
    }


def autocorrelation(values: Ints) -> float:
    """Correlation of consecutive draws."""
    centred = values - values.mean()
    return float((centred[1:] * centred[:-1]).mean() / centred.var())


def speed(draw: Callable[[int], Ints], batch: int, seconds: float = 2.0) -> float:
    """Draws per second of one thread's processor time, after a first call."""
    draw(batch)
    start, done = time.process_time(), 0
    while time.process_time() - start < seconds:
        draw(batch)
        done += batch
    return done / (time.process_time() - start)


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--oracle-seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results/sudoku_sampler.json"))
    options = parser.parse_args()
    rng = np.random.default_rng(options.seed)

    start = time.process_time()
    sudoku_grids(rng, 1, 3)
    result: dict[str, Any] = {
        "processor": os.uname().machine,
        "first_call_seconds": time.process_time() - start,
    }
    rates = {
        f"side {side}, batch {batch}": speed(lambda b, s=side: sudoku_grids(rng, b, s), batch)  # type: ignore[misc]
        for side, batch in ((3, 1), (3, 32), (3, 256), (3, 4096), (2, 256), (4, 32), (5, 32))
    }
    result["grids_per_second"] = rates
    print(f"first call {result['first_call_seconds']:.2f} s")
    for name, rate in rates.items():
        print(f"{name:20} {rate:12.0f} grids/s on one core")

    laws = {
        "sampler": sudoku_grids(rng, 200_000, 3).reshape(-1, 9, 9),
        "swap chain, 40 sweeps": gibbs_grids(rng, 10_000, 3, sweeps=40),
        "oracle": oracle(options.oracle_seconds, options.seed),
    }
    result["laws"] = {}
    for name, grids in laws.items():
        interchanges, pure = statistics(grids).T
        a, b = with_error(interchanges), with_error(pure)
        correlation, failures = autocorrelation(interchanges), invalid(grids)
        result["laws"][name] = {
            "invalid": failures,
            "interchanges": a,
            "interchanges_deviation": float(interchanges.std()),
            "pure_first_band": b,
            "autocorrelation": correlation,
        }
        print(
            f"{name:22} interchanges {a['mean']:.3f} ± {a['error']:.3f}, "
            f"pure {b['mean']:.3%} ± {b['error']:.3%}, {a['draws']} draws worth {a['effective']:.0f}, "
            f"autocorrelation {correlation:+.3f}, {failures} invalid"
        )
    options.out.parent.mkdir(parents=True, exist_ok=True)
    options.out.write_text(json.dumps(result, indent=2) + "\n")


if __name__ == "__main__":
    main()
