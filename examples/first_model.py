# %% [markdown]
# # A first model in five minutes
#
# A straight line is measured at ten places, and now and then a measurement goes wild. Which ones did, and
# where is the line? You write down how such data come about; gsdmc trains a network that answers for any
# data of this kind.

# %%
import os
from itertools import product
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt

import gsdmc
from gsdmc.training.presets import preset

OUT = Path("runs/tutorials")
OUT.mkdir(parents=True, exist_ok=True)
TOY = "GSDMC_TOY" in os.environ  # the tests train for moments only

# %% [markdown]
# ## The program
#
# `sample` draws a variable and names it, `foreach` repeats, `given` says what will be known: the ten values
# `y`.

# %%
PROGRAM = """
(def xs [-1.0 -0.8 -0.6 -0.4 -0.2 0.2 0.4 0.6 0.8 1.0])

(let [slope (sample "slope" (normal 0 1))
      offset (sample "offset" (normal 0 1))]
  (foreach (count xs) [x xs]
    (let [wild (sample "wild" (bernoulli 0.15))]
      (sample "y" (normal (+ offset (* slope x)) (if wild 2.0 0.2))))))

(given "y")
"""
path = OUT / "line.clj"
path.write_text(PROGRAM)
problem = gsdmc.compile(path)
print(problem)
for array in problem.graph.arrays:
    print(f"{array.name}: {array.kind}, shape {array.shape}, ~ {array.distribution}")

# %% [markdown]
# The program has become a graph of 22 variables. In a shell, `gsdmc compile line.clj` prints more about it.
#
# ## Training
#
# Training needs no data: the program draws them, fresh in every step. The default network is made for larger
# programs; a smaller one learns this one in a minute.

# %%
small = preset("default", problem).with_changes(layers=4, width=32, reach=False, batch=64)
model = gsdmc.train(problem, steps=20 if TOY else 2000, preset=small, seed=0, out=OUT / "line")
print(model)

# %% [markdown]
# `runs/tutorials/line` now holds the model; `gsdmc.load` reads it back.
#
# ## Data, and samples given the data
#
# Ten measurements of a line of slope 0.8 and offset −0.3. The second and the eighth went wild.

# %%
xs = np.array([-1.0, -0.8, -0.6, -0.4, -0.2, 0.2, 0.4, 0.6, 0.8, 1.0])
noise = np.random.default_rng(0).normal(0, 0.2, 10)
y = -0.3 + 0.8 * xs + noise
y[1] += 2.5
y[7] -= 2.0

samples = model.sample({"y": y}, num_samples=100 if TOY else 2000, seed=0)
print(samples)
print(f"slope  {samples['slope'].mean():.2f} ± {samples['slope'].std():.2f}")
print(f"offset {samples['offset'].mean():.2f} ± {samples['offset'].std():.2f}")
print("wild  ", samples["wild"].mean(axis=0).round(2))

# %% [markdown]
# Every row of `samples` is one joint answer: a slope, an offset, and which measurements went wild.
#
# ## Is that right?
#
# This posterior can be computed: for each of the 1024 ways in which measurements can go wild, the line is
# Gaussian.


# %%
def exact(y: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean and standard deviation of (slope, offset), and the chance of each measurement to be wild."""
    design = np.stack([xs, np.ones(10)], axis=1)
    ways = np.array(list(product([False, True], repeat=10)))
    evidence, means, squares = [], [], []
    for wild in ways:
        precision = np.where(wild, 2.0, 0.2) ** -2
        covariance = np.linalg.inv(np.eye(2) + design.T @ (precision[:, None] * design))
        mean = covariance @ design.T @ (precision * y)
        # log p(y | wild), without what all ways have in common
        fit = mean @ np.linalg.solve(covariance, mean) - (precision * y**2).sum()
        evidence.append(0.5 * (fit + np.log(precision).sum() + np.linalg.slogdet(covariance)[1]))
        means.append(mean)
        squares.append(np.diag(covariance) + mean**2)
    log_weight = np.array(evidence) + np.log(np.where(ways, 0.15, 0.85)).sum(axis=1)
    weight = np.exp(log_weight - log_weight.max())
    weight /= weight.sum()
    mean = weight @ np.array(means)
    return mean, np.sqrt(weight @ np.array(squares) - mean**2), weight @ ways


mean, sd, chance = exact(y)
print(f"exact slope  {mean[0]:.2f} ± {sd[0]:.2f}")
print(f"exact offset {mean[1]:.2f} ± {sd[1]:.2f}")
print("exact wild  ", chance.round(2))

# %% [markdown]
# Compare the lines with those above. The picture shows 60 of the sampled lines. A point is the redder, the
# more samples call it wild: the lines pass it by, as they should.

# %%
figure, axes = plt.subplots(figsize=(6, 3.6), layout="constrained")
ends = np.array([-1.1, 1.1])
for slope, offset in zip(samples["slope"][:60], samples["offset"][:60], strict=True):
    axes.plot(ends, offset + slope * ends, color="#4477aa", alpha=0.15, linewidth=1)
axes.plot(ends, -0.3 + 0.8 * ends, color="black", linewidth=1, linestyle="--", label="the true line")
points = axes.scatter(
    xs, y, c=samples["wild"].mean(axis=0), cmap="coolwarm", vmin=0, vmax=1, edgecolor="black", zorder=3
)
figure.colorbar(points, label="share of samples that call it wild")
axes.set(xlabel="x", ylabel="y")
axes.legend(frameon=False)
figure.savefig(OUT / "first_model.png", dpi=110)

# %% [markdown]
# The network has not seen these data before. It answers for any other ten values as quickly: that is what
# the minute of training bought. Next: [writing a program](writing_a_program.md).
