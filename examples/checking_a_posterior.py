# %% [markdown]
# # Checking a posterior
#
# A network always answers. Whether its posterior can be believed is a question of its own, and for a
# simulated problem it has an answer: the truth behind the data must look like one more draw. This tutorial
# checks a network that was trained and one that was hardly trained.

# %%
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
# Eight schools (Rubin 1981): effects of coaching in eight schools, each measured with an error. Schools
# borrow strength from each other, the more, the smaller the spread `tau` between them.

# %%
problem = gsdmc.compile("sbi/eight_schools")
print(problem.source)
small = preset("default", problem).with_changes(layers=4, width=32, reach=False, batch=64)
good = gsdmc.train(problem, steps=20 if TOY else 1000, preset=small, seed=0, out=OUT / "schools")
hasty = gsdmc.train(problem, steps=5 if TOY else 50, preset=small, seed=0, out=None)

# %% [markdown]
# ## Ranks of the truth
#
# Simulate a problem, hide the truth, draw from the posterior, and count how many draws lie below the truth.
# If the posterior is right, every rank is equally likely (simulation-based calibration: Talts et al. 2018).
# `calibrate` does so for every variable, and for the posterior as a whole by TARP (Lemos et al. 2023).

# %%
PROBLEMS = 20 if TOY else 200
checks = {
    name: model.calibrate(PROBLEMS, num_draws=19 if TOY else 39, arrays=["mu", "tau", "theta"], seed=1)
    for name, model in (("trained", good), ("hasty", hasty))
}
for name, check in checks.items():
    print(f"{name}\n{check}\n")

# %% [markdown]
# Read the coverage: an interval that should hold 90 % of the truths should do so. Less means that the
# network is surer than it may be; more means that it could be surer. A small p says that the ranks are not
# uniform; it does not say how far off they are, and with enough problems every network fails. Look at the
# picture, too.
#
# Now compare the two networks. By the ranks of single variables the hasty one passes as well: it has hardly
# looked at the data, and a posterior that is no more than the prior is calibrated. TARP and *highest
# density*, the rank of the truth by the program's own density, see what ranks are blind to, and it fails
# both. The trained network passes TARP; its densities cover nearly as they should, and the p-value says:
# nearly.

# %%
figure, panels = plt.subplots(2, 4, figsize=(9, 3.8), layout="constrained", sharey=True)
for row, (name, check) in zip(panels, checks.items(), strict=True):
    for axes, test in zip(row, [*check.quantities[:3], check.tarp], strict=True):
        axes.stairs(test.counts / np.maximum(test.expected, 1e-9), test.edges, fill=True, color="#4477aa")
        axes.axhline(1, color="black", linewidth=0.8)
        axes.set_title(f"{name}: {test.name}, p = {test.p_value:.1g}", fontsize=8)
        axes.set_xticks([0, check.draws])
panels[0, 0].set_ylim(0, 3)
figure.supxlabel("rank of the truth among the draws", fontsize=9)
figure.supylabel("share, 1 is right", fontsize=9)
figure.savefig(OUT / "checking_a_posterior.png", dpi=110)

# %% [markdown]
# A hollow (too many ranks at both ends) is overconfidence, a hill is too wide a posterior, a slope is bias.
#
# ## The data at hand
#
# Calibration is about problems that the program could have made. The real data are one of them only if the
# program is right, and that you check with them: here, by simulating new measurements from the posterior.

# %%
measured = problem.evidence["y"][0]
samples = good.sample({"y": measured}, num_samples=100 if TOY else 2000, seed=2)
print("school   measured   effect given all schools")
for school, value in enumerate(measured):
    effect = samples["theta"][:, school]
    print(f"{school:6d} {value:10.0f} {effect.mean():12.1f} ± {effect.std():.1f}")
print(f"spread tau: {samples['tau'].mean():.1f}, half of the samples below {np.median(samples['tau']):.1f}")

errors = np.array([15, 10, 16, 11, 9, 11, 10, 18])
again = samples["theta"] + errors * np.random.default_rng(3).normal(size=samples["theta"].shape)
reached = (again.max(axis=1) >= measured.max()).mean()
print(f"largest measurement {measured.max():.0f}, reached by that of {reached:.0%} of new data sets")

# %% [markdown]
# ## Other checks
#
# - `gsdmc calibrate RUN` and `gsdmc evaluate RUN` do this in a shell, with `--out DIR` pictures too.
# - `check.with_c2st()` trains a classifier to tell draws from truths, for joint posteriors (0.5 is perfect).
# - `samples.verify()` and `samples.valid` say whether samples obey the program's own relations, and
#   `sample(repair=20)` draws again what does not.
# - [How right the posteriors are](../posteriors.md) has measurements against references.
#
# Next: [your own simulator](own_simulator.md).
