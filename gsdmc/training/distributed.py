"""Connecting the processes that `torchrun` starts for one run, each on its device."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from functools import cache
from itertools import count

import torch
import torch.distributed as dist
from torch.distributed.distributed_c10d import PrefixStore, Store

from gsdmc.language.source import GsdmcError
from gsdmc.training.devices import devices
from gsdmc.training.launched import ADDRESS, PORT, Place, launched
from gsdmc.training.ranks import ALONE, Ranks, Together

PATIENCE = timedelta(minutes=30)
"""How long a process waits for one that has stopped without ending, before it gives up."""

HEARD = timedelta(seconds=10)
"""How long others wait for the first process to say what is wrong."""

_runs = count()


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
    store = PrefixStore(f"gsdmc/{next(_runs)}", _store(place))
    cuda = device.type == "cuda"
    if cuda:
        torch.cuda.set_device(device)
    dist.init_process_group(
        "nccl" if cuda else "gloo",
        store=store,
        rank=place.rank,
        world_size=place.size,
        timeout=PATIENCE,
        device_id=device if cuda else None,
    )
    control = dist.new_group(backend="gloo", timeout=PATIENCE) if cuda else dist.group.WORLD
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
def _store(place: Place) -> Store:
    """Where processes find each other, and read what is said; torchrun's own, which outlives them all."""
    theirs = os.environ.get("TORCHELASTIC_USE_AGENT_STORE") == "True"
    store = dist.TCPStore(  # type: ignore[attr-defined]
        os.environ[ADDRESS],
        int(os.environ[PORT]),
        place.size,
        is_master=place.first and not theirs,
        timeout=PATIENCE,
        wait_for_workers=False,
    )
    return PrefixStore(f"attempt {os.environ.get('TORCHELASTIC_RESTART_COUNT', '0')}", store)


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
        store = PrefixStore("gsdmc/said", _store(place))
        if place.first:
            store.set("error", text)
            return text
        store.wait(["error"], HEARD)
        return None
    except RuntimeError:
        return f"process {place.rank}: {text}"
