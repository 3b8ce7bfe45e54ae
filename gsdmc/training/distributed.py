"""Many processes that take each step of a run together: what they tell each other, and how they end."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from datetime import timedelta
from functools import cache
from itertools import count

import torch
import torch.distributed as dist
from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.training.devices import devices
from gsdmc.training.launched import ADDRESS, PORT, Place, launched

PATIENCE = timedelta(minutes=30)
"""How long a process waits for one that has stopped without ending, before it gives up."""

FAILED = "failed"
"""Where the first process that fails says why."""

_runs = count()


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

    def __init__(self, place: Place, control: dist.ProcessGroup, store: dist.Store) -> None:
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
        total, *sums = flat.split([1, *(weight.numel() for weight in weights)])
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
            digest.update(weight.detach().cpu().contiguous().view(torch.uint8).numpy())
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


@contextmanager
def joined(device: torch.device) -> Iterator[Ranks]:
    """Connect the processes that `torchrun` started, for a block; where it started none, this one is alone.

    A process that leaves the block by an error tells the others, who then leave it by a `LostError`.

    Args:
        device: where this process computes.

    Raises:
        GsdmcError: `torch.distributed` is in use by somebody else.
    """
    place = launched()
    if not place.several:
        yield ALONE
        return
    if dist.is_initialized():
        raise GsdmcError(
            "torch.distributed is initialised already, which train does by itself",
            hint="leave out init_process_group, or train after destroy_process_group",
        )
    store = dist.PrefixStore(f"gsdmc/{next(_runs)}", _store(place))
    group = {"store": store, "rank": place.rank, "world_size": place.size, "timeout": PATIENCE}
    if device.type == "cuda":
        torch.cuda.set_device(device)
        dist.init_process_group("nccl", device_id=device, **group)
        control = dist.new_group(backend="gloo", timeout=PATIENCE)
    else:
        dist.init_process_group("gloo", **group)
        control = dist.group.WORLD
    assert control is not None
    ranks = Together(place, control, store)
    try:
        yield ranks
    except BaseException as error:
        ranks.fail(error)
        dist.destroy_process_group(control)  # NCCL's, which may wait for the others, goes with the process
        raise
    dist.destroy_process_group()


def own_device(wanted: str | torch.device) -> str | torch.device:
    """The device that a process of several computes on: of the GPUs of its machine that of its own number.

    Args:
        wanted: as for `choose_device`.

    Raises:
        GsdmcError: all would share one GPU, or there are fewer than processes.
    """
    place, name = launched(), str(wanted)
    if not place.several or name == "cpu":
        return wanted
    if name.startswith("cuda:"):
        raise GsdmcError(
            f"the processes of a run can't share `{name}`", hint="each takes its own GPU with --device cuda"
        )
    gpus = sum(device.kind == "cuda" for device in devices()[0])
    if name not in ("cuda", "auto") or not gpus:  # the CPU, or an error that says what is wrong
        return wanted
    if place.local >= gpus:
        raise GsdmcError(
            f"there are more processes than GPUs on this machine, which has {gpus}",
            hint=f"start as many as it has, by torchrun --nproc-per-node {gpus}, or use --device cpu",
        )
    return f"cuda:{place.local}"


@cache
def _store(place: Place) -> dist.Store:
    """Where processes find each other, and read what is said; torchrun's own, which outlives them all."""
    theirs = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    store = dist.TCPStore(
        os.environ[ADDRESS],
        int(os.environ[PORT]),
        place.size,
        is_master=place.first and not theirs,
        timeout=PATIENCE,
        wait_for_workers=False,
    )
    return dist.PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)


def say_once(text: str) -> str | None:
    """What this process has to print of an error: one process speaks for all who met the same.

    The first one always speaks. Others wait for it to do so for `HEARD` seconds, then speak for themselves,
    with their number.

    Args:
        text: the error.
    """
    place = launched()
    if not place.several:
        return text
    try:
        store = dist.PrefixStore("gsdmc/said", _store(place))
        if place.first:
            store.set("error", text)
            return text
        store.wait(["error"], HEARD)
        return None
    except RuntimeError:
        return f"process {place.rank}: {text}"


HEARD = timedelta(seconds=10)
"""How long others wait for the first process to say what is wrong."""
