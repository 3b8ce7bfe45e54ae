"""A layout in words, for people to read."""

from __future__ import annotations

import torch

from gsdmc.graph.describe import aligned, more, node_name, sampled
from gsdmc.graph.text import counted, printable
from gsdmc.layout.layout import ArraySlot, Layout

NODES, NEIGHBOURS = 6, 4
"""Most nodes whose neighbours are listed, and most of their neighbours."""


def describe_layout(layout: Layout) -> str:
    """Node order, embeddings, positions, roles, degrees, and the neighbours of the first nodes."""
    structure = layout.structure
    head = (
        f"layout: {counted(layout.nodes, 'node')}, {counted(structure.entries, 'entry')}, "
        f"{counted(structure.roles, 'role')}, {counted(len(layout.embedding_keys), 'embedding')}"
    )
    head += "" if structure.symmetric else ", not symmetric"
    parts = [
        ("node order", aligned(map(_slot, layout.arrays))),
        ("embeddings", aligned(_embeddings(layout))),
        ("positions", aligned(_positions(layout)) or ["  none: no plate is ordered"]),
        ("roles", aligned(_roles(layout))),
        ("degrees, the node itself counted", aligned(_degrees(layout))),
        ("neighbours", _neighbours(layout)),
    ]
    return "\n\n".join([head, *("\n".join([title, *lines]) for title, lines in parts)])


def _slot(slot: ArraySlot) -> tuple[str, str, str, str, str]:
    shape = " × ".join(f"{n:,}" for n in slot.shape) or "single"
    channels = counted(slot.kind.channels, "channel")
    return _range(slot), printable(slot.name), shape, str(slot.kind), channels


def _range(slot: ArraySlot) -> str:
    if slot.size == 0:
        return "none"
    return f"{slot.offset} .. {slot.offset + slot.size - 1}" if slot.size > 1 else str(slot.offset)


def _embeddings(layout: Layout) -> list[tuple[str, str]]:
    counts = torch.bincount(layout.embedding, minlength=len(layout.embedding_keys)).tolist()
    return [
        (printable(key), counted(n, "node")) for key, n in zip(layout.embedding_keys, counts, strict=True)
    ]


def _positions(layout: Layout) -> list[tuple[str, str, str]]:
    rows = []
    for column, plate in enumerate(layout.position_plates):
        found = layout.positions[:, column]
        placed = found[found >= 0]
        reach = f"0 .. {int(placed.max())}" if len(placed) else "none"
        rows.append((printable(plate), reach, counted(len(placed), "node")))
    return rows


def _roles(layout: Layout) -> list[tuple[str, str]]:
    """Entries by role; one of several roles counts for each."""
    structure = layout.structure
    sets = torch.bincount(structure.role_sets.long(), minlength=len(structure.membership))
    counts = (sets.to(torch.float64) @ structure.membership.to(torch.float64)).long().tolist()
    return [(printable(role), counted(n, "entry")) for role, n in zip(layout.roles, counts, strict=True)]


def _degrees(layout: Layout) -> list[tuple[str, str, str, str]]:
    """Least, mean and largest degree, of all nodes and of every array's."""
    degrees = layout.structure.degrees
    spans = [("all", 0, layout.nodes), *((s.name, s.offset, s.size) for s in layout.arrays)]
    rows = []
    for name, offset, size in spans:
        own = degrees[offset : offset + size]
        if len(own):
            mean = f"{own.double().mean().item():.3g}"
            rows.append(
                (printable(name), f"least {int(own.min())}", f"mean {mean}", f"most {int(own.max())}")
            )
    return rows


def _neighbours(layout: Layout) -> list[str]:
    structure = layout.structure
    rows = []
    for node in range(min(NODES, layout.nodes)):
        start, end = int(structure.indptr[node]), int(structure.indptr[node + 1])
        others = [e for e in range(start, end) if int(structure.indices[e]) != node]
        shown = [
            f"{_name(layout, int(structure.indices[e]))} ({_set(layout, e)})" for e in others[:NEIGHBOURS]
        ]
        rows.append((f"{node}  {_name(layout, node)}", sampled(shown, len(others)) or "itself alone"))
    return [*aligned(rows), *more(layout.nodes - NODES)]


def _set(layout: Layout, entry: int) -> str:
    members = layout.structure.membership[int(layout.structure.role_sets[entry])]
    return " + ".join(printable(layout.roles[int(r)]) for r in members.nonzero().flatten())


def _name(layout: Layout, node: int) -> str:
    slot = next(s for s in layout.arrays if s.offset <= node < s.offset + s.size)
    return node_name(slot.name, slot.shape, node - slot.offset)
