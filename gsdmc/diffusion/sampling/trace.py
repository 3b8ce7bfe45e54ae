"""What sampling cost."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass
class Trace:
    """Counts that sampling adds to.

    Attributes:
        samples: joint samples drawn, each counted once however often it is drawn again.
        calls: network calls, each on a batch of samples.
        evaluations: samples that went through the network, summed over calls.
        redraws: samples that were drawn again, summed over rounds of repair; their calls and evaluations
            are among the others.
    """

    samples: int = 0
    calls: int = 0
    evaluations: int = 0
    redraws: int = 0

    @property
    def per_sample(self) -> float:
        """Network calls that the average sample was part of."""
        return self.evaluations / self.samples if self.samples else 0.0

    def add_redraw(self, drawn: Trace) -> None:
        """Count what it took to draw again samples that are counted already."""
        self.calls += drawn.calls
        self.evaluations += drawn.evaluations
        self.redraws += drawn.samples
