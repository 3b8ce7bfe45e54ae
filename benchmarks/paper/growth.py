"""How fast figures grow with size."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np


def exponent(sizes: Sequence[float], values: Sequence[float]) -> float | None:
    """The exponent p of values ~ sizes^p, over the larger half of the sizes, three at least; None for one."""
    pairs = sorted(zip(sizes, values, strict=True))
    pairs = pairs[-max(3, (len(pairs) + 1) // 2) :]
    if len(pairs) < 2:
        return None
    logs = np.log(np.array(pairs, dtype=np.float64))
    return float(np.polyfit(logs[:, 0], logs[:, 1], 1)[0])
