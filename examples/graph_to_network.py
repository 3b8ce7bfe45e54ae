# %% [markdown]
# # From graph to network
#
# The network is a transformer with one token per variable. Its attention mask is the program's graph, and
# what tells the tokens apart is only what the program tells apart. This tutorial looks at both.

# %%
import os
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

import gsdmc
from gsdmc.graph.draw_mask import draw_mask
from gsdmc.training.presets import preset

OUT = Path("runs/tutorials")
OUT.mkdir(parents=True, exist_ok=True)
TOY = "GSDMC_TOY" in os.environ  # the tests' size

# %% [markdown]
# ## The mask
#
# Binary-continuous matrix factorisation: E = A R. Every product of an element of A and one of R is a
# variable C of its own, and every element of E the sum of some of them.

# %%
problem = gsdmc.compile("bcmf", m=4, n=5, k=3)
draw_mask(problem.graph, OUT / "graph_to_network_mask.png")
metrics = problem.metrics
print(f"{metrics.nodes} variables, {metrics.entries} mask entries, {metrics.density:.1%} of a dense mask")
print(
    f"at most {metrics.max_degree} entries in a row, at most {metrics.diameter} edges between two variables"
)

# %% [markdown]
# Coloured squares are pairs that attend to each other, and the colour says why: `C ← A` is a product that
# looks at the elements of A that it is made of, `A → C` the reverse. The network learns one attention bias
# per role and head.
#
# The program without the intermediate C needs fewer variables, but every element of E then depends on six
# others at once. And nothing but the size of the mask decides what attention costs:

# %%
print("  m=n=k   variables   entries, sparse   entries, dense")
for size in (2, 4, 8) if TOY else (2, 4, 8, 16, 32):
    grown = problem.resized(m=size, n=size, k=size)
    nodes, entries = grown.graph.nodes, grown.mask.nnz
    print(f"{size:7d} {nodes:11,d} {entries:17,d} {nodes**2:16,d}")

# %% [markdown]
# ## How far one layer reaches
#
# A layer moves information along one edge, so the network gets as many layers as the graph's longest
# shortest path needs. Which variables can have heard of A's first element after 0, 1, 2 and 4 layers?

# %%
reach = np.zeros(problem.graph.nodes, dtype=bool)
reach[problem.nodes.index(("A", (0, 0)))] = True
heard: dict[int, NDArray[np.bool_]] = {0: reach}
for layer in range(1, 5):
    heard[layer] = (problem.mask @ heard[layer - 1]).astype(bool)
for layer in (0, 1, 2, 4):
    counts = np.bincount(problem.graph.array_of_node, weights=heard[layer]).astype(int)
    shares = [f"{n} of {a.size} {a.name}" for a, n in zip(problem.graph.arrays, counts, strict=True)]
    print(layer, "layers:", ", ".join(shares))

# %% [markdown]
# ## What tells variables apart
#
# A token's embedding says which array its variable belongs to, and for a plate that is not exchangeable also
# where it stands. All elements of A share one. So renumbering the rows of E renumbers the network's answer
# and does nothing else. That is no approximation: it holds for any weights, such as those after four steps
# of training. For comparison, two other networks are told more about the variables.


# %%
def disagreement(embedding: str) -> float:
    """How much renumbering the rows of E changes the prediction of A, apart from renumbering its rows."""
    problem = gsdmc.compile("bcmf", m=4, n=5, k=3, embedding=embedding)
    small = preset("default", problem).with_changes(layers=4, width=32, reach=False)
    trained = gsdmc.train(problem, steps=4, preset=small, out=None).trained
    layout, order = problem.layout, torch.tensor([2, 0, 3, 1])
    values = problem.simulate(1, seed=0)
    moved = {name: v[:, order] if name in ("A", "C", "E") else v for name, v in values.items()}
    given = {a.name: torch.full((1, *a.shape), a.name == "E") for a in problem.graph.arrays}
    predictions = []
    for v in (values, moved):
        state = trained.process.encode(layout, v, torch.float32)
        predictions.append(trained.denoiser(layout, state, given, torch.tensor([500.0]))["A"])
    return float((predictions[0][:, order] - predictions[1]).abs().max())


for embedding in ("derived", "array", "independent"):
    print(f"{embedding:12s} {disagreement(embedding):.1e}")

# %% [markdown]
# `derived` is what gsdmc does without being asked: zero, up to rounding. `array` numbers the elements along
# each plate, `independent` gives each variable an embedding of its own; both would have to learn the
# symmetry from data. `--embedding` and `--mask dense` are there for such comparisons. Next: [any
# query](any_query.md).
