"""The processes that take each step of a run together: what they tell each other, and how they end."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import torch
import torch.distributed as dist
from torch import Tensor
from torch.distributed.distributed_c10d import Store

from gsdmc.language.source import GsdmcError
from gsdmc.training.launched import Place

FAILED = "failed"
"""Where the first process that fails says why."""


class LostError(GsdmcError):
    """Another process of the run has failed, or has ended."""


class Ranks:
    """The processes of a run, as one of them sees them; of this class, it is alone.

    All processes call the same methods in the same order, or they wait for each other.

    Attributes:
        place: which of them this is.
    """

    def __init__(self, place: Place = Place()) -> None:  # noqa: B008 - it is frozen
        self.place = place

    @property
    def first(self) -> bool:
        """Whether this process writes and prints."""
        return self.place.first

    @property
    def size(self) -> int:
        """How many there are."""
        return self.place.size

    def agree(self, elapsed: float, due: bool, asked: bool) -> tuple[float, bool, bool]:
        """What all go by: the first one's clock and checkpoints, and whether any was asked to end."""
        return elapsed, due, asked

    def add_up(self, weights: Sequence[Tensor], loss: Tensor) -> Tensor:
        """Sum the gradients of weights over all processes, in place; the sum of their losses."""
        return loss

    def share(self, *tensors: Tensor) -> None:
        """Give everybody the first one's CPU tensors, in place."""

    def deal(self, hands: Sequence[Tensor], sizes: Sequence[int]) -> list[Tensor]:
        """Give each process its hand of bytes, and get one from each.

        Args:
            hands: what this process has for each, all of `sizes[rank]` bytes, its own rank's.
            sizes: bytes of the hands of each.
        """
        return list(hands)

    def check_same(self, text: str, weights: Sequence[Tensor]) -> None:
        """Refuse processes that are about to take different steps.

        Raises:
            GsdmcError: texts or weights aren't the first one's.
        """

    def meet(self) -> None:
        """Wait for all."""


ALONE = Ranks()


class Together(Ranks):
    """One of several processes, connected.

    Losses and gradients are summed where they are, by NCCL between GPUs. All else is small and goes from
    CPU to CPU through `control`, a group of gloo's, whose connections break when a process ends.
    """

    def __init__(self, place: Place, control: dist.ProcessGroup, store: Store) -> None:
        super().__init__(place)
        self.control, self.store = control, store

    def agree(self, elapsed: float, due: bool, asked: bool) -> tuple[float, bool, bool]:
        """See `Ranks`."""
        mine = [elapsed, float(due)] if self.first else [0.0, 0.0]
        told = torch.tensor([*mine, float(asked)], dtype=torch.float64)
        with self._connected():
            dist.all_reduce(told, group=self.control)
        elapsed, decided, wishes = told.tolist()
        return elapsed, decided > 0, wishes > 0

    def add_up(self, weights: Sequence[Tensor], loss: Tensor) -> Tensor:
        """See `Ranks`: one exchange for all weights, in the order of the weights, zero for those not used."""
        gradients = [weight.grad for weight in weights]
        flat = torch.cat(
            [
                loss.detach().reshape(1).to(weights[0].dtype),
                *(
                    torch.zeros_like(w).flatten() if g is None else g.flatten()
                    for w, g in zip(weights, gradients, strict=True)
                ),
            ]
        )
        with self._connected():
            dist.all_reduce(flat)
        total, *sums = torch.split(flat, [1, *(weight.numel() for weight in weights)])
        for gradient, summed in zip(gradients, sums, strict=True):
            if gradient is not None:
                gradient.copy_(summed.view_as(gradient))
        return total.reshape(()).to(loss.dtype)

    def share(self, *tensors: Tensor) -> None:
        """See `Ranks`."""
        with self._connected():
            for tensor in tensors:
                dist.broadcast(tensor, src=0, group=self.control)

    def deal(self, hands: Sequence[Tensor], sizes: Sequence[int]) -> list[Tensor]:
        """See `Ranks`."""
        got = [torch.empty(size, dtype=torch.uint8) for size in sizes]
        with self._connected():
            for source, hand in enumerate(got):
                mine = list(hands) if source == self.place.rank else None
                dist.scatter(hand, mine, src=source, group=self.control)
        return got

    def check_same(self, text: str, weights: Sequence[Tensor]) -> None:
        """See `Ranks`."""
        digest = hashlib.sha256(text.encode())
        for weight in weights:
            digest.update(weight.detach().cpu().numpy().tobytes())
        mine = torch.frombuffer(bytearray(digest.digest()[:8]), dtype=torch.int64)
        of_first = mine.clone()
        self.share(of_first)
        others = torch.zeros(self.size, dtype=torch.int64)
        others[self.place.rank] = int(mine.item() != of_first.item())
        with self._connected():
            dist.all_reduce(others, group=self.control)
        if others.any():
            numbers = ", ".join(str(rank) for rank in others.nonzero().flatten().tolist())
            raise GsdmcError(
                f"process {numbers} of the run has another program, other settings or another state "
                "than process 0",
                hint="start all with the same arguments, files and version of gsdmc",
            )

    def meet(self) -> None:
        """See `Ranks`."""
        with self._connected():
            dist.all_reduce(torch.zeros(1), group=self.control)

    def fail(self, error: BaseException) -> None:
        """Say why this process ends, and break the connections, so that no other waits for it."""
        if not isinstance(error, LostError):
            message = error.message if isinstance(error, GsdmcError) else str(error) or type(error).__name__
            hint = error.hint if isinstance(error, GsdmcError) else None
            said = json.dumps({"rank": self.place.rank, "message": message, "hint": hint})
            with suppress(RuntimeError):  # the store may be gone
                self.store.compare_set(FAILED, "", said)

    @contextmanager
    def _connected(self) -> Iterator[None]:
        """Tell of a connection that broke by what the process at its other end has said.

        Raises:
            LostError: it broke.
        """
        try:
            yield
        except RuntimeError:
            raise self._lost() from None

    def _lost(self) -> LostError:
        try:
            said = json.loads(self.store.get(FAILED)) if self.store.check([FAILED]) else None
        except (RuntimeError, ValueError):
            said = None
        if said is None:
            return LostError(
                "another process of the run ended without a word",
                hint="the system may have killed it for want of memory, or its machine is gone; "
                "torchrun says which it was",
            )
        return LostError(f"process {said['rank']} of the run failed: {said['message']}", hint=said["hint"])
