"""Simulations that a model folder keeps: some that training has not seen, for checks of the model."""

from __future__ import annotations

import hashlib
from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import save
from torch import Tensor

from gsdmc.compiler.problem import Problem
from gsdmc.compiler.simulations import bind_simulations
from gsdmc.compiler.simulator import Kept, Simulator, accepted, full_name, short
from gsdmc.inference.simulations.read_simulations import read_data
from gsdmc.language.source import GsdmcError
from gsdmc.training.files import read_files
from gsdmc.training.reading import checked, damage, read_tensors
from gsdmc.training.seeds import derive, generator

KEPT = "simulations.safetensors"
"""The file in a model folder."""

RECORD = "simulated"
"""The field of a run's record that says what the simulations were."""

SHARE, MOST, YARDSTICK = 0.1, 1000, 64
"""The share of simulations that is held out, the most of them, and the fewest that are kept, seen or not."""

NOT_YET = Kept({}, {}, 0, "its data")
"""The simulator of a program that is compiled before its data are read."""

SPLIT, FRESH = 401, 402
"""Streams of random numbers: which simulations are held out, and held-out draws of a simulator."""


@dataclass(frozen=True, eq=False)
class Source:
    """What a run is trained on in place of a program's own draws.

    Attributes:
        problem: the program, whose joint draws are the simulator's; of a set of simulations, those held out.
        trained_on: `[B, *shape]` per array, None where a simulator makes what is trained on.
        kept: what the model's folder keeps.
        record: what its record says of it, as plain data.
    """

    problem: Problem
    trained_on: dict[str, Tensor] | None
    kept: Kept
    record: dict[str, Any]

    @property
    def files(self) -> dict[str, bytes]:
        """The kept simulations as the content of a file."""
        return {KEPT: save({name: value.contiguous() for name, value in self.kept.values.items()})}


def source_of(
    problem: Problem,
    data: object,
    simulations: int | None,
    varied: Collection[str],
    held_out: float | None,
    seed: int,
) -> Source | None:
    """What to train on in place of a program's own draws, None for these.

    Args:
        problem: the program, with a simulator or without.
        data: simulations in any form, or None.
        simulations: how many of a simulator's draws to train on, None for fresh ones.
        varied: sizes that are to vary.
        held_out: the share to hold out, or None.
        seed: of the run.

    Raises:
        GsdmcError: wishes that contradict one another, or simulations that don't fit the program.
    """
    simulator = problem.simulator
    if data is None and simulator is None:
        if held_out is not None:
            raise GsdmcError(
                "there is nothing to hold out: the program makes as many draws as are needed",
                hint="leave held_out to runs on data or on a simulator of your own",
            )
        return None
    if data is None and isinstance(simulator, Kept):
        raise GsdmcError(
            f"the problem has simulations of {simulator.source} for checks of its model, not to train on",
            hint="give the simulations to train on: train(problem, data=...), or compile with the simulator",
        )
    if data is None:
        assert simulator is not None
        assert not isinstance(simulator, Kept)
        check_varied(simulator, problem, varied)
        return from_simulator(problem, simulator, simulations, held_out, seed)
    wishes = {
        f"{', '.join(varied)} should vary, but data has one size": bool(varied),
        "data is a set of simulations already": simulations is not None,
        "the problem has a simulator, so that there are two sources": callable(simulator),
    }
    for message, holds in wishes.items():
        if holds:
            raise GsdmcError(message, hint="leave out one of the two")
    return from_data(problem, data, held_out, seed)


def check_varied(simulator: Simulator, problem: Problem, varied: Collection[str]) -> None:
    """Refuse to vary a size that a simulator knows nothing of.

    Raises:
        GsdmcError: naming the size.
    """
    known = accepted(simulator, problem.sizes)
    for name in varied:
        if name not in known:
            raise GsdmcError(
                f"`{name}` should vary, but the simulator `{short(simulator)}` doesn't take it",
                hint=f"give it a parameter of that name: {short(simulator)}(rng, count, {name})",
            )


def from_data(problem: Problem, data: object, held_out: float | None, seed: int) -> Source:
    """Simulations of the user's, those held out apart from those to train on.

    Args:
        problem: the program at their size.
        data: in any form.
        held_out: the share to hold out, of which `MOST` at most; `SHARE` when None.
        seed: which they are.

    Raises:
        GsdmcError: data that can't be read or doesn't fit the program, or a share that leaves nothing.
    """
    read, what = read_data(data)
    values = bind_simulations(problem, read, what=what)
    count = len(next(iter(values.values())))
    apart = number_held_out(count, held_out)
    order = torch.randperm(count, generator=generator(seed, SPLIT))
    rest = order[apart:].sort().values
    shown = order[: max(apart, min(YARDSTICK, count))]
    source = str(data) if isinstance(data, str | Path) else "the data"
    kept = Kept({name: value[shown] for name, value in values.items()}, problem.sizes, apart, source)
    record = {
        "by": source,
        "simulations": count,
        "held_out": apart,
        "sha256": fingerprint(values),
    }
    trained_on = {name: value[rest] for name, value in values.items()}
    return Source(problem.with_simulator(kept), trained_on, kept, record)


def from_simulator(
    problem: Problem, simulator: Simulator, simulations: int | None, held_out: float | None, seed: int
) -> Source:
    """Draws of a simulator: those held out are made on top of those to train on.

    Args:
        problem: the program with the simulator.
        simulator: what makes them.
        simulations: how many to train on, None for fresh ones.
        held_out: how many to make, as a share of these, `SHARE` when None; of fresh ones `MOST`.
        seed: of the draws.

    Raises:
        GsdmcError: the simulator fails, or what it draws doesn't fit the program.
    """
    share = check_share(held_out)
    count = MOST if simulations is None and share else min(MOST, round(share * (simulations or 0)))
    values = problem.simulate(max(count, YARDSTICK), derive(seed, FRESH))
    source = f"the simulator `{short(simulator)}`"
    kept = Kept(values, problem.sizes, count, source)
    record = {"by": full_name(simulator), "simulations": simulations, "held_out": count, "sha256": None}
    return Source(problem, None, kept, record)


def number_held_out(count: int, share: float | None) -> int:
    """How many of a set's simulations are held out.

    Raises:
        GsdmcError: a share that is none, or that leaves nothing to train on.
    """
    apart = min(MOST, round(check_share(share) * count))
    if apart >= count:
        raise GsdmcError(
            f"holding out {apart} of {count} simulations leaves none to train on",
            hint="hold out fewer, or none: 0",
        )
    return apart


def check_share(share: float | None) -> float:
    """A share to hold out.

    Raises:
        GsdmcError: it is none.
    """
    share = SHARE if share is None else share
    if not 0 <= share < 1:
        raise GsdmcError(f"the share to hold out is {share:g}, not one from 0 to below 1")
    return share


def fingerprint(values: Mapping[str, Tensor]) -> str:
    """A checksum of joint values, by name and in the types of their kinds."""
    digest = hashlib.sha256()
    for name, value in sorted(values.items()):
        digest.update(f"{name} {value.dtype} {tuple(value.shape)}\n".encode())
        digest.update(value.contiguous().numpy().tobytes())
    return digest.hexdigest()


def check_same_source(folder: Path, kept: Mapping[str, Any], record: Mapping[str, Any] | None) -> None:
    """Refuse to resume a run on other simulations.

    Args:
        folder: of the run.
        kept: its record.
        record: of the run that is to go on, None where that draws from its program.

    Raises:
        GsdmcError: they differ.
    """
    theirs = kept.get(RECORD)
    if theirs is None and record is None:
        return
    same = isinstance(theirs, dict) and record is not None
    for name in ("sha256", "simulations", "held_out") if same else ():
        same = same and theirs[name] == record[name]  # type: ignore[index]
    if not same:
        was = f"simulations of {theirs['by']}" if isinstance(theirs, dict) else "its program's own draws"
        raise GsdmcError(
            f"{folder} was trained on {was}, and these are others",
            hint="resume with the same data, the same simulator and the same share held out, or train into a "
            "new folder",
        )


def read_kept(folder: Path, run: Mapping[str, Any]) -> Kept | None:
    """The simulations that a model folder keeps, None where its program draws its own.

    They are not yet checked against the program, see `with_kept`.

    Raises:
        GsdmcError: they are damaged, or missing.
    """
    if run.get(RECORD) is None:
        return None
    content = read_files(folder, (KEPT,)).files.get(KEPT)
    with damage(folder / KEPT):
        record = checked(run[RECORD], dict[str, Any], RECORD)
        held_out, source = checked(record["held_out"], int, "held_out"), checked(record["by"], str, "by")
        if content is None:
            raise ValueError("it is missing")
        values = read_tensors(content)
        counts = {len(value) if value.dim() else 0 for value in values.values()}
        if len(counts) != 1 or not 0 <= held_out <= min(counts) or counts == {0}:
            raise ValueError("it has other simulations than the record says")
    return Kept(values, {}, held_out, source)


def with_kept(problem: Problem, kept: Kept, folder: Path) -> Problem:
    """A folder's program with the simulations that the folder keeps.

    Raises:
        GsdmcError: they don't fit the program.
    """
    what = f"the simulations in {folder / KEPT}"
    values = bind_simulations(problem, kept.values, what=what, check=False)
    return problem.with_simulator(replace(kept, values=values, sizes=problem.sizes))


def with_data(problem: Problem, data: object) -> Problem:
    """A program with simulations to check a model on, none of which its training has seen.

    Raises:
        GsdmcError: they can't be read, or don't fit the program.
    """
    read, what = read_data(data)
    values = bind_simulations(problem, read, what=what)
    source = str(data) if isinstance(data, str | Path) else "the data"
    return problem.with_simulator(Kept(values, problem.sizes, len(next(iter(values.values()))), source))
