# %% [markdown]
# # Speed
#
# Three things decide how long training and sampling take: the entries of the mask, the number of network
# calls per sample, and how many data sets go through the network at once. This tutorial measures each on a
# matrix factorisation. Times are of the machine that it runs on; look at the ratios.

# %%
import os
import time
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

import gsdmc
from gsdmc.training.presets import preset

OUT = Path("runs/tutorials")
OUT.mkdir(parents=True, exist_ok=True)
TOY = "GSDMC_TOY" in os.environ  # the tests train for moments only

# %% [markdown]
# ## The mask
#
# The same network, once along the program's graph and once with a dense mask (`mask="dense"`). The loss of a
# few steps says nothing here; the seconds do.

# %%
SIZE = 3 if TOY else 8
seconds = {}
for mask in ("program", "dense"):
    problem = gsdmc.compile("bcmf", m=SIZE, n=SIZE, k=SIZE // 2, mask=mask)
    small = preset("default", problem).with_changes(layers=4, width=32, reach=False, batch=8)
    started = time.process_time()
    gsdmc.train(problem, steps=2 if TOY else 10, preset=small, out=None)
    seconds[mask] = time.process_time() - started
    print(f"{mask:8s} {problem.mask.nnz:9,d} entries  {seconds[mask]:6.2f} s of processor time")
print(f"dense / program: {seconds['dense'] / seconds['program']:.1f}")

# %% [markdown]
# ## Network calls
#
# A sample is refined over several calls. `steps=` of `sample` and `evaluate` sets their number, without
# training anew. First a model:

# %%
problem = gsdmc.compile("bcmf", m=4, n=4, k=2)
small = preset("default", problem).with_changes(layers=5, width=32, reach=False, batch=32)
model = gsdmc.train(problem, steps=20 if TOY else 600, preset=small, seed=0, out=OUT / "bcmf")
print(model)
print("calls of its own choice:", model.trained.config.sampler.steps)

# %%
calls = (2, 4) if TOY else (1, 2, 4, 8, 16, 32)
errors = []
for steps in calls:
    evaluation = model.evaluate(16 if TOY else 128, steps=steps, seed=1)
    (score,) = evaluation.scores
    errors.append(score.raw)
    print(f"{steps:3d} calls: RMSE(E, A R) {score.raw:.3f}  (prior {score.prior:.3f})")

figure, axes = plt.subplots(figsize=(5, 3), layout="constrained")
axes.plot(calls, errors, marker="o", color="#4477aa")
axes.set(xscale="log", yscale="log", xlabel="network calls per sample", ylabel="RMSE(E, A R)")
axes.set_xticks(calls, [str(c) for c in calls])
figure.savefig(OUT / "speed.png", dpi=110)

# %% [markdown]
# The curve flattens where more calls buy nothing. A sampler of your own choice is `sampler={"solver":
# "heun"}` and the like; `benchmarks/samplers.py` compares them.
#
# ## Many at once
#
# A list of evidence, or `batched=True`, asks about many data sets in one call.

# %%
E = problem.simulate(8 if TOY else 64, seed=2)["E"].numpy()
started = time.process_time()
one_by_one = [model.sample({"E": e}, num_samples=1, seed=0)["A"] for e in E]
apart = time.process_time() - started
started = time.process_time()
together = model.sample({"E": E}, batched=True, num_samples=1, seed=0)["A"]
at_once = time.process_time() - started
print(f"{len(E)} data sets: one by one {apart:.2f} s, at once {at_once:.2f} s, ratio {apart / at_once:.0f}")
print(np.shape(one_by_one), together.shape)

# %% [markdown]
# `memory=2**30` bounds what such a call works in.
#
# ## What is left
#
# - `gsdmc doctor` says which attention runs on this machine, and why.
# - `gsdmc train --device cuda --precision bf16 --graphs on` and their like are in `gsdmc train --help`; by
#   default they are chosen for the machine.
# - `gsdmc train --layers 4 --width 32` makes a small network. It learns faster per second at first, and less
#   in the end.
# - `benchmarks/` holds the measurements of this project, with the machine they were made on.
