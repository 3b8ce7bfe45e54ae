# %% [markdown]
# # Size generalisation
#
# The weights of a network belong to arrays and relations, not to single variables. So a network that was
# trained at some sizes of a program runs at others. Whether it is right there is a question for measurement:
# here against exact answers, at up to four times the length that it was trained on.

# %%
import io
import os
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

import gsdmc
from gsdmc.training.presets import preset

OUT = Path("runs/tutorials")
OUT.mkdir(parents=True, exist_ok=True)
TOY = "GSDMC_TOY" in os.environ  # the tests train for moments only

# %% [markdown]
# A walk `z` that returns to zero, seen through noise. `^{:in [2 20]}` is the range of lengths to train on:
# every batch draws one.

# %%
CHAIN = """
(def ^{:in [2 20]} n 10)

(defn step [t before]
  (let [z (sample "z" (normal (* 0.9 before) 0.5))]
    (sample "y" (normal z 0.5))
    z))

(loop n (sample "start" (normal 0 1)) step)

(given "y")
"""
problem = gsdmc.compile(io.StringIO(CHAIN))
for plate in problem.graph.plates:
    print(f"{plate.name}({plate.size}) is {plate.cls}: {plate.reason}")
small = preset("default", problem).with_changes(layers=5, width=32, reach=False, batch=32)
model = gsdmc.train(problem, steps=20 if TOY else 800, preset=small, vary=["n"], seed=0, out=OUT / "chain")
print(model)

# %% [markdown]
# ## The exact answer
#
# All is linear and Gaussian, so that the posterior of `z` is Gaussian, with a mean and a covariance that
# numpy can compute at any length.


# %%
def exact(y: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Mean and standard deviation of every z given y."""
    n = len(y)
    transition = np.eye(n) - 0.9 * np.eye(n, k=-1)
    noise = np.full(n, 0.5**2)
    noise[0] += 0.9**2  # the start, which is not known
    prior = transition.T @ np.diag(1 / noise) @ transition
    covariance = np.linalg.inv(prior + np.eye(n) / 0.5**2)
    return covariance @ y / 0.5**2, np.sqrt(np.diag(covariance))


# %% [markdown]
# ## At other sizes
#
# `sample` takes the size from the evidence. For 10 walks of each length, compare the mean and the standard
# deviation of 200 samples with the exact ones. An exact sampler would be off by 1/√200 = 0.07 standard
# deviations.

# %%
WALKS, DRAWS = (2, 20) if TOY else (10, 200)
lengths = (5, 10, 40) if TOY else (5, 10, 20, 40, 80)
off, spread = [], []
for n in lengths:
    walks = problem.resized(n=n).simulate(WALKS, seed=n)["y"].numpy()
    z = model.sample({"y": walks}, batched=True, num_samples=DRAWS, seed=n)["z"]  # [walk, sample, n]
    answers = [exact(y) for y in walks]
    mean, sd = (np.stack(found) for found in zip(*answers, strict=True))
    off.append(float(np.sqrt((((z.mean(axis=1) - mean) / sd) ** 2).mean())))
    spread.append(float((z.std(axis=1) / sd).mean()))
    trained = "trained on" if n <= 20 else "never seen"
    print(f"n={n:4d}, {trained}: means off by {off[-1]:.2f} sd, spread {spread[-1]:.2f} of the exact one")

# %%
figure, axes = plt.subplots(1, 2, figsize=(9, 3), layout="constrained", width_ratios=[1, 1.9])
axes[0].axvspan(2, 20, color="0.9", label="lengths of training")
axes[0].plot(lengths, off, marker="o", color="#cc3311", label="error of means, in sd")
axes[0].plot(lengths, spread, marker="o", color="#4477aa", label="spread / exact spread")
axes[0].axhline(1, color="black", linewidth=0.5)
axes[0].set(xscale="log", xlabel="length n", ylim=(0, 1.5))
axes[0].legend(frameon=False, fontsize=7)
last, place = z[0], np.arange(lengths[-1])
low, high = np.quantile(last, [0.05, 0.95], axis=0)
axes[1].fill_between(place, low, high, color="#4477aa", alpha=0.3, label="90 % of samples")
axes[1].plot(place, mean[0] - 1.645 * sd[0], color="black", linewidth=0.8, label="exact")
axes[1].plot(place, mean[0] + 1.645 * sd[0], color="black", linewidth=0.8)
axes[1].set(xlabel=f"place in a walk of {lengths[-1]}", ylabel="z")
axes[1].legend(frameon=False, fontsize=7)
figure.savefig(OUT / "size_generalisation.png", dpi=110)

# %% [markdown]
# What to look at: how far the two curves are from 0.07 and 1, which training decides, and whether they part
# from that further to the right of the grey band. Up to where they hold you can use the network; beyond,
# train with a larger `:in`.
#
# ## What can't change
#
# A plate is of any size if it is exchangeable or ordered. If the program says something of single elements,
# each has weights of its own, and other sizes are refused:

# %%
fixed = gsdmc.compile("boolean", n=2)
circuit = gsdmc.train(fixed, steps=2, out=None)
try:
    circuit.resized(n=3)
except gsdmc.GsdmcError as error:
    print(error)

# %% [markdown]
# The figures of the paper on this (matrices of up to 200 × 200) are in [the paper's claims](../paper.md).
# Next: [speed](speed.md).
