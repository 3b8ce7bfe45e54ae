# %% [markdown]
# # Any query
#
# A program without `given` is trained to answer every query: whatever variables you know, in any
# combination, and whatever you ask for. Here a patient is examined, step by step.

# %%
import os
from pathlib import Path

import numpy as np
import torch
from matplotlib import pyplot as plt

import gsdmc
from gsdmc.training.presets import preset

OUT = Path("runs/tutorials")
OUT.mkdir(parents=True, exist_ok=True)
TOY = "GSDMC_TOY" in os.environ  # the tests train for moments only

# %% [markdown]
# The bundled program `diagnosis` is a Bayesian network of booleans, categories and reals, with invented
# numbers:

# %%
problem = gsdmc.compile("diagnosis")
print(problem.source)

# %%
small = preset("default", problem).with_changes(layers=4, width=32, reach=False, batch=64)
model = gsdmc.train(problem, steps=20 if TOY else 1200, preset=small, seed=0, out=OUT / "diagnosis")
print(model)

# %% [markdown]
# ## One patient, more and more evidence
#
# `sample` takes what is known and gives joint samples of everything else. The same weights answer all of
# these. Evidence about an effect (a cough), a cause (the season) or both is treated alike.
#
# For a check, simulate many patients and keep those who fit the evidence. That is exact but for its own
# noise, and soon wasteful: the column `kept` says how few fit.

# %%
DISEASES = ("flu", "bronchitis", "pneumonia")
NUM_SAMPLES = 100 if TOY else 2000
steps: list[tuple[str, dict[str, object]]] = [
    ("nothing is known", {}),
    ("a cough", {"cough": True}),
    ("... in winter", {"cough": True, "season": 2}),
    ("... of a smoker", {"cough": True, "season": 2, "smoker": True}),
    ("... patchy X-ray", {"cough": True, "season": 2, "smoker": True, "xray": 1}),
]
patients = problem.simulate(20_000 if TOY else 500_000, seed=1)

answers = np.zeros((len(steps), len(DISEASES)))
exact = np.zeros_like(answers)
print("network / simulated  flu      bronchitis     pneumonia         kept")
for row, (name, evidence) in enumerate(steps):
    samples = model.sample(evidence, num_samples=NUM_SAMPLES, seed=row)
    answers[row] = [samples[d].mean() for d in DISEASES]
    fits = torch.ones(len(patients["cough"]), dtype=torch.bool)
    for variable, value in evidence.items():
        fits &= patients[variable] == value
    exact[row] = [patients[d][fits].float().mean() for d in DISEASES]
    shown = "  ".join(
        f"{found:.3f} / {right:.3f}" for found, right in zip(answers[row], exact[row], strict=True)
    )
    print(f"{name:18s}{shown}  {fits.sum():9,d}")

# %% [markdown]
# Left of each slash stands the network's chance, right of it the simulation's. One standard error of 2000
# samples is at most 0.011, so that most of the difference is the network's: half a minute of training leaves
# errors, the largest in the rarest case. Raise `steps` and the bars below move to their lines.

# %%
figure, axes = plt.subplots(figsize=(6.4, 3.2), layout="constrained")
places = np.arange(len(steps))
for i, (disease, colour) in enumerate(zip(DISEASES, ("#4477aa", "#228833", "#cc3311"), strict=True)):
    axes.bar(places + 0.27 * (i - 1), answers[:, i], 0.25, color=colour, label=disease)
    axes.scatter(places + 0.27 * (i - 1), exact[:, i], color="black", marker="_", s=120, zorder=3)
axes.set_xticks(places, [name for name, _ in steps], fontsize=8)
axes.set(ylabel="chance (bars), simulated (lines)", ylim=(0, 1))
axes.legend(frameon=False, loc="upper left")
figure.savefig(OUT / "any_query.png", dpi=110)

# %% [markdown]
# ## Reals, and what goes together
#
# Samples are joint: how two unknowns go together is in them. Given a temperature of 39.2, what is the pulse
# of those with pneumonia, and of those without?

# %%
samples = model.sample({"temperature": 39.2}, num_samples=NUM_SAMPLES, seed=7)
for ill in (True, False):
    pulse = samples["pulse"][samples["pneumonia"] == ill]
    print(f"pneumonia {ill!s:5s} {len(pulse):5d} samples", end="")
    print(f", pulse {pulse.mean():.1f} ± {pulse.std():.1f}" if len(pulse) else "")
print(f"by the program: {72 + 9 * (39.2 - 36.8) + 8:.1f} and {72 + 9 * (39.2 - 36.8):.1f}, ± 8")

# %% [markdown]
# ## Parts of arrays, many patients, and a narrower promise
#
# - In an array, `NaN` (or `None`, or a masked entry) is an element that is not known.
# - A list of evidence, a pandas frame or an xarray dataset with a dimension `dataset` asks about many data
#   sets at once.
# - `gsdmc.compile(..., given="cough")` or `(given "cough")` in the program trains for one query alone. That
#   is faster, and other queries are then refused:

# %%
two = model.sample([{"cough": True}, {"cough": False}], num_samples=NUM_SAMPLES, seed=8)
print("P(flu | cough), P(flu | no cough):", two["flu"].mean(axis=1).round(3))

narrow = gsdmc.compile("diagnosis", given="cough")
specialist = gsdmc.train(narrow, steps=2, preset=small, out=None)
try:
    specialist.sample({"xray": 1})
except gsdmc.GsdmcError as error:
    print(error)

# %% [markdown]
# Next: [checking a posterior](checking_a_posterior.md).
