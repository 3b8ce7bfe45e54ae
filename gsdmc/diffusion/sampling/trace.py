"""What sampling cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Trace:
    """Counts that sampling adds to.

    Attributes:
        samples: joint samples drawn.
        calls: network calls, each on a batch of samples.
        evaluations: samples that went through the network, summed over calls.
    """

    samples: int = 0
    calls: int = 0
    evaluations: int = 0

    @property
    def per_sample(self) -> float:
        """Network calls that the average sample was part of."""
        return self.evaluations / self.samples if self.samples else 0.0
