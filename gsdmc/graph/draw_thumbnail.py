"""The attention mask as a small picture for notebooks."""

from __future__ import annotations

import io

from gsdmc.graph.draw_mask import mask_image
from gsdmc.graph.edges import EdgeTable
from gsdmc.graph.factor_graph import FactorGraph
from gsdmc.graph.mask_axis import mask_axis
from gsdmc.graph.mask_colours import role_colours


def thumbnail(graph: FactorGraph, edges: EdgeTable) -> bytes:
    """The picture of the mask as a PNG, without words."""
    from matplotlib.image import imsave

    axis = mask_axis(graph)
    image = mask_image(edges, axis, role_colours(graph, edges))
    buffer = io.BytesIO()
    imsave(buffer, image.repeat(axis.widths, 0).repeat(axis.widths, 1), format="png")
    return buffer.getvalue()
