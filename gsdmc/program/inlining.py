"""Programs without intermediate variables, for ablations: `dirac` values as mere computation."""

from __future__ import annotations

from collections.abc import Iterable

from gsdmc.program.tape import Alias, Draw, Gather, Instruction, Stack, Tape


def inline(tape: Tape, keep: Iterable[str] = ()) -> None:
    """Make every `dirac` array pass on what it depends on, instead of being nodes of the graph.

    What is generated, observed, part of the program's returned value or named in `keep` stays.
    """
    kept = {*keep, *(draw.array for draw in returned(tape))}
    kept |= {d.array for d in tape.draws if not d.deterministic or d.generated or d.evidence is not None}
    for draw in tape.draws:
        draw.inlined = draw.array not in kept
    tape.draws[:] = [draw for draw in tape.draws if not draw.inlined]


def returned(tape: Tape) -> list[Draw]:
    """The draws that the program's value is made of, through nothing but looking up and putting together."""
    found: list[Draw] = []
    seen: set[Instruction] = set()
    stack = list(tape.result)
    while stack:
        here = stack.pop()
        if here in seen:
            continue
        seen.add(here)
        if isinstance(here, Draw):
            found.append(here)
        elif isinstance(here, Alias | Gather | Stack):
            stack.extend(here.inputs)
    return found
