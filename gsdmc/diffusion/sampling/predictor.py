"""Network calls of a sampling run: only for the examples that need one, and none that is known already."""

from __future__ import annotations

import torch
from torch import Tensor

from gsdmc.diffusion.process import Process, Values
from gsdmc.diffusion.sampling.trace import Trace
from gsdmc.layout.layout import Layout
from gsdmc.model.denoiser import Denoiser


class Predictor:
    """Calls a network, counts its calls, and keeps its last predictions.

    A network that is told the same time and sees an unchanged state predicts the same, so networks without a
    time input are called for an example only after something of it has changed.
    """

    def __init__(
        self, denoiser: Denoiser, layout: Layout, process: Process, observed: Values, trace: Trace
    ) -> None:
        """Args are those of `sample`; `observed` says what is evidence, `[B, *shape]` booleans by array."""
        self.denoiser, self.layout, self.process = denoiser, layout, process
        self.observed, self.trace = observed, trace
        self.clock: float | None = None
        self.kept: dict[str, Tensor] = {}
        self.current: Tensor | None = None  # [B], whose kept predictions are those of the state

    def changed(self, examples: Tensor) -> None:
        """Forget the predictions of examples, `[B]` booleans, whose state has changed."""
        if self.current is not None:
            self.current = self.current & ~examples

    def predict(self, state: Values, time: Tensor, examples: Tensor) -> dict[str, Tensor]:
        """What `Process.statistics` says of examples; the rest have any values.

        Args:
            state: `[B, *state_shape]` by array.
            time: scalar.
            examples: `[B]` booleans, the examples whose predictions are wanted.

        Returns:
            Per array as `Process.statistics`; nothing where no example has ever been asked for.
        """
        clock = float(self.process.network_time(time, self.layout))
        if clock != self.clock or self.current is None:
            self.current = torch.zeros_like(examples)
            self.clock = clock
        asked = examples & ~self.current
        number = int(asked.sum())
        if number == 0:
            return self.kept
        self.current = self.current | asked
        self.trace.calls += 1
        self.trace.evaluations += number
        if number == len(asked):
            self.kept = self._call(state, self.observed, time.expand(number))
            return self.kept
        part = self._call(
            {name: value[asked] for name, value in state.items()},
            {name: seen[asked] for name, seen in self.observed.items()},
            time.expand(number),
        )
        whole = {}
        for name, value in part.items():
            kept = self.kept.get(name)
            whole[name] = value.new_zeros(len(asked), *value.shape[1:]) if kept is None else kept.clone()
            whole[name][asked] = value
        self.kept = whole
        return whole

    def _call(self, state: Values, observed: Values, time: Tensor) -> dict[str, Tensor]:
        return self.process.statistics(self.denoiser, self.layout, state, observed, time)
