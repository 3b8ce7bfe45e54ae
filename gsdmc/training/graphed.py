"""The network as CUDA graphs: one launch for all kernels of a pass, at a size that stays the same."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import torch
from torch import Tensor, nn

from gsdmc.layout.layout import Layout
from gsdmc.model.denoiser import Denoiser

Precision = Callable[[], AbstractContextManager[None]]

WARM_UP = 3
"""Passes before a capture, in which kernels are compiled and everything that is made once is made."""


class FlatDenoiser(nn.Module):
    """A denoiser at one size of its program, from a flat list of tensors to another.

    Tensors come and go in the order of the layout's arrays: states, then masks, then the time; and
    predictions. The forward pass, and not the backward one, runs in a context of precision.
    """

    def __init__(self, denoiser: Denoiser, layout: Layout, precision: Precision = nullcontext) -> None:
        super().__init__()
        self.denoiser, self.layout, self.precision = denoiser, layout, precision
        self.names = tuple(slot.name for slot in layout.arrays)

    def flatten(
        self, state: Mapping[str, Tensor], observed: Mapping[str, Tensor], time: Tensor
    ) -> tuple[Tensor, ...]:
        """The arguments of the denoiser, bar the layout, as those of `forward`."""
        return (*(state[n] for n in self.names), *(observed[n] for n in self.names), time)

    def unflatten(self, predictions: tuple[Tensor, ...]) -> dict[str, Tensor]:
        """What `forward` gives, by array."""
        return dict(zip(self.names, predictions, strict=True))

    def forward(self, *tensors: Tensor) -> tuple[Tensor, ...]:
        """The predictions of the arguments that `flatten` gave."""
        count = len(self.names)
        state, observed = (
            dict(zip(self.names, part, strict=True)) for part in (tensors[:count], tensors[count:-1])
        )
        with self.precision():
            found = self.denoiser(self.layout, state, observed, tensors[-1])
        return tuple(found[name] for name in self.names)


class GraphedDenoiser(nn.Module):
    """A denoiser whose passes are captured when it is first called, and replayed from then on.

    A graph holds addresses. So the layout, all shapes and dtypes and the precision stay those of the first
    call; weights may change in place, as optimisers do it. Predictions are overwritten by the next call,
    gradients of weights by the next backward pass: they have to be set to None in between.
    """

    def __init__(self, denoiser: Denoiser, precision: Precision = nullcontext) -> None:
        """Args are the network, and the context that its forward pass runs in, without autocast's cache."""
        super().__init__()
        self.denoiser, self.precision = denoiser, precision
        self._flat: FlatDenoiser | None = None
        self._forms: list[tuple[torch.Size, torch.dtype]] = []
        self._replay: Any = None

    def forward(
        self, layout: Layout, state: Mapping[str, Tensor], observed: Mapping[str, Tensor], time: Tensor
    ) -> dict[str, Tensor]:
        """What the denoiser predicts; see there.

        Raises:
            ValueError: another layout than that of the first call, or tensors of other shapes.
        """
        if self._flat is None:
            self._capture(FlatDenoiser(self.denoiser, layout, self.precision), state, observed, time)
        flat = self._flat
        assert flat is not None
        if layout is not flat.layout:
            raise ValueError("a graph was captured for one layout, and this is another")
        tensors = flat.flatten(state, observed, time)
        forms = [(t.shape, t.dtype) for t in tensors]
        if forms != self._forms:
            raise ValueError(f"a graph was captured for {self._forms}, not for {forms}")
        return flat.unflatten(self._replay(*tensors))

    def _capture(
        self, flat: FlatDenoiser, state: Mapping[str, Tensor], observed: Mapping[str, Tensor], time: Tensor
    ) -> None:
        samples = tuple(tensor.detach().clone() for tensor in flat.flatten(state, observed, time))
        self._forms = [(sample.shape, sample.dtype) for sample in samples]
        # The backward pass would be captured in a precision that surrounds the call, which it isn't run in.
        # Unused inputs: plates that are absent at this size have weights all the same.
        here = torch.cuda.device_of(samples[0])  # type: ignore[no-untyped-call]
        with here, torch.autocast(time.device.type, enabled=False):
            self._replay = torch.cuda.make_graphed_callables(
                flat, samples, num_warmup_iters=WARM_UP, allow_unused_input=True
            )
        self._flat = flat
