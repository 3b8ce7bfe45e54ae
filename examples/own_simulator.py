# %% [markdown]
# # Your own simulator
#
# Often the simulator exists: a Python function, or a file of its runs. Then a program is needed for
# structure alone: which variables there are, of what kind, and who depends on whom. The simulator makes the
# values.

# %%
import io
import os
from pathlib import Path

import numpy as np
from matplotlib import pyplot as plt
from numpy.typing import NDArray

import gsdmc
from gsdmc.training.presets import preset

OUT = Path("runs/tutorials")
OUT.mkdir(parents=True, exist_ok=True)
TOY = "GSDMC_TOY" in os.environ  # the tests train for moments only

# %% [markdown]
# ## The simulator
#
# Hares and lynxes, week by week: hares multiply, lynxes eat them and starve without them, and chance has a
# say in every hour. There is no formula for the likelihood. A simulator takes a numpy generator and a number
# of runs, and returns arrays by name, runs first. Parameters that are named like sizes of the program, here
# `weeks`, are given.


# %%
def hares_and_lynxes(rng: np.random.Generator, count: int, weeks: int) -> dict[str, NDArray[np.floating]]:
    """Stochastic Lotka-Volterra equations, in small steps."""
    growth, hunger = np.exp(rng.normal(-0.7, 0.3, (2, count)))
    hares, lynxes = np.ones(count), np.full(count, 0.6)
    seen: dict[str, list[NDArray[np.floating]]] = {"hares": [], "lynxes": []}
    for _ in range(weeks):
        for _ in range(20):
            shock = rng.normal(0, 0.15 * np.sqrt(0.05), (2, count))
            eaten = lynxes - 1
            fed = hares - 1
            hares = hares * np.exp(-0.05 * growth * eaten + shock[0])
            lynxes = lynxes * np.exp(0.05 * hunger * fed + shock[1])
        seen["hares"].append(hares)
        seen["lynxes"].append(lynxes)
    return {"growth": growth, "hunger": hunger} | {k: np.stack(v, axis=1) for k, v in seen.items()}


# %% [markdown]
# ## The structure
#
# A week's hares depend on those of the week before, on the lynxes, and on their growth. The distributions
# say what kind of numbers there are (`lognormal` is positive) and name the parents; their values are never
# drawn.

# %%
STRUCTURE = """
(def weeks 12)

(defn week [t before growth hunger]
  (let [hares (get before 0)
        lynxes (get before 1)]
    [(sample "hares" (lognormal (* growth (- hares lynxes)) 1))
     (sample "lynxes" (lognormal (* hunger (- hares lynxes)) 1))]))

(let [growth (sample "growth" (lognormal 0 1))
      hunger (sample "hunger" (lognormal 0 1))]
  (loop weeks [1 1] week growth hunger))

(given (subset "hares" "lynxes"))
"""
problem = gsdmc.compile(io.StringIO(STRUCTURE), simulator=hares_and_lynxes)
print(problem)
run = problem.simulate(1, seed=0)
print("hares ", run["hares"][0].numpy().round(2))

# %% [markdown]
# Compiling tried the simulator. What does not fit the program is reported at once, all of it:


# %%
def sloppy(rng: np.random.Generator, count: int) -> dict[str, NDArray[np.floating]]:
    """A simulator with four faults."""
    return {
        "growth": rng.normal(size=count),
        "hares": np.ones((count, 7)),
        "lynxes": np.ones((count, 12)),
        "weather": np.zeros(count),
    }


try:
    gsdmc.compile(io.StringIO(STRUCTURE), simulator=sloppy)
except gsdmc.GsdmcError as error:
    print(error)

# %% [markdown]
# ## Training and asking
#
# From here on nothing is special. Lynxes were counted in three of twelve weeks, hares in all but two.

# %%
small = preset("default", problem).with_changes(layers=4, width=32, reach=False, batch=32)
model = gsdmc.train(problem, steps=20 if TOY else 700, preset=small, seed=0, out=OUT / "hares")
print(model)

truth = {name: values[0].numpy() for name, values in problem.simulate(1, seed=5).items()}
hares, lynxes = truth["hares"].copy(), np.full(12, np.nan)
hares[[4, 5]] = np.nan
lynxes[[2, 6, 10]] = truth["lynxes"][[2, 6, 10]]
samples = model.sample({"hares": hares, "lynxes": lynxes}, num_samples=50 if TOY else 700, seed=1)
for name in ("growth", "hunger"):
    low, high = np.quantile(samples[name], [0.05, 0.95])
    print(f"{name}: 90 % of the samples in {low:.2f} to {high:.2f}, truth {truth[name]:.2f}")

# %%
figure, panels = plt.subplots(1, 2, figsize=(9, 3), layout="constrained", sharey=True)
for axes, name, known in zip(panels, ("hares", "lynxes"), (hares, lynxes), strict=True):
    low, high = np.quantile(samples[name], [0.05, 0.95], axis=0)
    axes.fill_between(range(12), low, high, color="#4477aa", alpha=0.3, label="90 % of samples")
    axes.plot(truth[name], color="black", linewidth=1, linestyle="--", label="truth")
    axes.plot(known, "o", color="#cc3311", label="counted")
    axes.set(title=name, xlabel="week")
panels[0].legend(frameon=False, fontsize=8)
figure.savefig(OUT / "own_simulator.png", dpi=110)

# %% [markdown]
# The band closes where something was counted. Is it as wide as it should be elsewhere? `calibrate` asks the
# simulator for more truths:

# %%
check = model.calibrate(10 if TOY else 100, num_draws=9 if TOY else 39, seed=2)
print(check)

# %% [markdown]
# ## A file of simulations
#
# Where the simulator can't be called, its runs will do: `.npz`, netCDF, Zarr, Parquet, or arrays by name. A
# tenth is kept apart from training, and `calibrate` and `evaluate` use that.

# %%
runs = hares_and_lynxes(np.random.default_rng(3), 100 if TOY else 5000, 12)
growth, hunger, hares, lynxes = (runs[name] for name in ("growth", "hunger", "hares", "lynxes"))
np.savez(OUT / "hares.npz", growth=growth, hunger=hunger, hares=hares, lynxes=lynxes)
structure = OUT / "hares.clj"
structure.write_text(STRUCTURE)
from_file = gsdmc.train(structure, data=OUT / "hares.npz", steps=20 if TOY else 200, preset=small, out=None)
print(from_file)

# %% [markdown]
# In a shell that is `gsdmc train hares.clj --data hares.npz --minutes 5`. Few runs are learnt by heart:
# compare what `calibrate` says with more of them. Next: [size generalisation](size_generalisation.md).
