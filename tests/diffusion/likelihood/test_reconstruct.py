from __future__ import annotations

import numpy as np
import pytest
import torch

from gsdmc.diffusion.likelihood.half_angle import HalfAngle, signal_and_noise_at
from gsdmc.diffusion.likelihood.reconstruct import reconstruction
from gsdmc.diffusion.process import Process, ProcessConfig
from gsdmc.diffusion.standardise import Standardiser
from gsdmc.language.kinds import COUNT, category
from tests.model.problems import make_layout

LAYOUT = make_layout([("n", COUNT, ()), ("c", category(4), ())], [("of", np.array([1]), np.array([0]))])
PROCESS = Process(
    ProcessConfig(discrete="onehot"),
    Standardiser(LAYOUT.embedding_keys, torch.tensor([[3.0], [0.0]]), torch.tensor([[2.0], [1.0]])),
)
EVERY = {"n": torch.arange(40), "c": torch.arange(40) % 4}


@pytest.mark.parametrize("least", [0.05, 0.8])
@pytest.mark.parametrize("at", [-2.0, 0.0, 0.3, 5.0])
def test_all_counts_share_a_state_between_them(least: float, at: float) -> None:
    """Whatever the state, the probabilities of all counts that it may come from sum to 1."""
    low = HalfAngle.of("cosine", least).low
    signal, noise = signal_and_noise_at(torch.tensor(low, dtype=torch.float64))
    clean = PROCESS.encode(LAYOUT, EVERY, torch.float64)
    epsilon = (at - signal * clean["n"]) / noise
    found = reconstruction(
        PROCESS, LAYOUT, LAYOUT.arrays[0], EVERY, clean, low, lambda *shape: epsilon.reshape(shape), 1
    )
    assert found.exp().sum().item() == pytest.approx(1)


def test_all_categories_share_a_state_between_them() -> None:
    low = HalfAngle.of("cosine", 0.8).low
    signal, noise = signal_and_noise_at(torch.tensor(low, dtype=torch.float64))
    values = {name: v[:4] for name, v in EVERY.items()}
    clean = PROCESS.encode(LAYOUT, values, torch.float64)
    state = torch.tensor([0.3, 1.2, -0.5, 0.9], dtype=torch.float64)
    epsilon = (state - signal * clean["c"]) / noise
    found = reconstruction(PROCESS, LAYOUT, LAYOUT.arrays[1], values, clean, low, lambda *shape: epsilon, 1)
    assert found.exp().sum().item() == pytest.approx(1)
    likelihood = torch.distributions.Normal(signal * clean["c"], noise).log_prob(state).sum(1)
    torch.testing.assert_close(found, likelihood.log_softmax(0))


def test_little_noise_leaves_no_doubt() -> None:
    low = HalfAngle.of("cosine", 0.01).low
    clean = PROCESS.encode(LAYOUT, EVERY, torch.float64)
    generator = torch.Generator().manual_seed(0)

    def normal(*shape: int) -> torch.Tensor:
        return torch.randn(shape, generator=generator, dtype=torch.float64)

    for slot in LAYOUT.arrays:
        found = reconstruction(PROCESS, LAYOUT, slot, EVERY, clean, low, normal, 3)
        assert found.shape == (120,)
        assert found.abs().max() < 1e-6
