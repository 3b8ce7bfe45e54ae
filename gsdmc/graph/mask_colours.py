"""Colours of the roles in a mask's picture, and the legend that explains them."""

from __future__ import annotations

import colorsys
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gsdmc.graph.edges import SELF, EdgeTable, role_names
from gsdmc.graph.factor_graph import Argument, FactorGraph, Indices
from gsdmc.graph.mask_axis import EXACT

MANY = 20
"""Relations above which arguments share colours by slot, and factors one colour."""

GREY = (0.55, 0.55, 0.55)
GOLDEN = 0.618034

Colour = tuple[float, float, float]
Colours = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class RoleColours:
    """A colour for every role of an edge table.

    Attributes:
        group: `[roles]`, which of the colours a role has.
        colours: `[colours, 3]`.
        labels: what each colour stands for.
    """

    group: Indices
    colours: Colours
    labels: tuple[str, ...]


def role_colours(graph: FactorGraph, table: EdgeTable) -> RoleColours:
    """One hue per relation; of an argument, the darker shade is the child that attends to its parent.

    A factor over several arrays has one colour, as the place in the mask tells which of them a pair is of.
    """
    families = list(dict.fromkeys((role_names(r), isinstance(r, Argument)) for r in graph.relations))
    few = len(families) <= MANY
    label_of: dict[str, tuple[str, str]] = {}
    """Per role, its hue's key and its own label."""
    slots = {role_names(r): r.slot for r in graph.relations if isinstance(r, Argument)}
    for names, argument in families:
        for i, name in enumerate(names):
            if not argument:
                shown = names[0].rpartition(": ")[0] if len(names) > 1 else name
                label_of[name] = (shown, shown) if few else ("a factor", "a factor")
            elif few:
                label_of[name] = (names[0], name)
            else:
                slot = slots[names]
                label = f"parent → child ({slot})" if i else f"child ← parent ({slot})"
                label_of[name] = (f"slot {slot}", label)
    labels, hues, colours, group = [SELF], dict[str, int](), [GREY], [0]
    for name in table.role_names[1:]:
        hue, label = label_of.get(name, (name, name))
        if label not in labels:
            light = hue in hues
            labels.append(label)
            colours.append(_colour(hues.setdefault(hue, len(hues)), light))
        group.append(labels.index(label))
    return RoleColours(np.array(group, dtype=np.int64), np.array(colours), tuple(labels))


def legend(graph: FactorGraph, table: EdgeTable, colours: RoleColours) -> list[tuple[str, Colour]]:
    """Labels and colours in use; where nodes are shown one by one, also those of sets that some pair has."""
    groups = colours.group[table.roles]
    used = np.unique(groups)
    entries = [(colours.labels[g], _rgb(colours.colours[g])) for g in used]
    if graph.nodes <= EXACT and len(colours.labels) < 63:
        pair = table.rows * graph.nodes + table.columns
        order = np.argsort(pair, kind="stable")
        starts = np.flatnonzero(np.diff(pair[order], prepend=-1))
        for members in np.unique(np.bitwise_or.reduceat(1 << groups[order], starts)):
            inside = [int(g) for g in used if members >> g & 1]
            if len(inside) > 1:
                label = " + ".join(colours.labels[g] for g in inside)
                entries.append((label, _rgb(colours.colours[inside].mean(axis=0))))
    return entries


def _colour(number: int, light: bool) -> Colour:
    return colorsys.hls_to_rgb((0.6 + GOLDEN * number) % 1, 0.64 if light else 0.36, 0.72)


def _rgb(colour: Colours) -> Colour:
    red, green, blue = colour.tolist()
    return red, green, blue
