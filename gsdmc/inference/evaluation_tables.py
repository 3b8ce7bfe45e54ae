"""An evaluation as tables of words."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from gsdmc.inference.evaluate import Evaluation

VERSIONS = ("Network", "Restored", "Refined")
"""Of the same samples: as the network gave them, with `dirac` recomputed, and repaired or polished."""


class Table(NamedTuple):
    """A header and rows under it; all cells but the first of a row are figures."""

    header: tuple[str, ...]
    rows: list[tuple[str, ...]]


def tables(e: Evaluation) -> list[Table]:
    """Scores, self-consistency and agreement with the truth, each where there is any."""
    return [table for table in (_scores(e), _consistency(e), _recovery(e)) if table.rows]


def _scores(e: Evaluation) -> Table:
    has_prior = any(s.prior is not None for s in e.scores)
    rows: list[tuple[str, ...]] = []
    for s in e.scores:
        figures = (s.raw, s.restored, s.refined)[: len(e.valid)]
        rows.append((s.name, *(_figure(v, s.share) for v in (*figures, *[s.prior] * has_prior))))
    return Table(("Score", *VERSIONS[: len(e.valid)], *["Prior"] * has_prior), rows)


def _consistency(e: Evaluation) -> Table:
    versions = [e.raw, e.restored, *([] if e.refined is None else [e.refined])]
    rows: list[tuple[str, ...]] = []

    def add(name: str, figures: Sequence[float | None], share: bool = False) -> None:
        rows.append((name, *(_figure(v, share) for v in figures)))

    for name, raw in e.raw.dirac.items():
        add(f"{name}: residual (RMS)", [v.dirac[name].rms for v in versions])
        if raw.exact is not None:
            add(f"{name}: exact", [v.dirac[name].exact for v in versions], True)
    for name in e.raw.factors:
        add(f"{name}: instances hold", [v.factors[name].instances for v in versions], True)
        add(f"{name}: samples hold", [v.factors[name].samples for v in versions], True)
    if rows:
        add("samples in which all holds", e.valid, True)
    return Table(("Self-consistency", *VERSIONS[: len(e.valid)]), rows)


def _recovery(e: Evaluation) -> Table:
    rows: list[tuple[str, ...]] = []
    for name, r in e.recovery.items():
        if r.rms is not None:
            rows.append((f"{name}: error (RMS)", *map(_figure, r.rms)))
        if r.elements is not None and r.samples is not None:
            rows.append((f"{name}: elements right", *(_figure(v, True) for v in r.elements)))
            rows.append((f"{name}: samples all right", *(_figure(v, True) for v in r.samples)))
    return Table(("Agreement with the truth", *VERSIONS[:2]), rows)


def _figure(value: float | None, share: bool = False) -> str:
    if value is None:
        return ""
    return f"{100 * value:.4g} %" if share else f"{value:.4g}"
