from __future__ import annotations

import math
from itertools import product

import pytest
import torch
from torch import Tensor

from gsdmc.diffusion.mixture import LEAST_STD, Grid, Mixture, anchors, coin, pack, unpack_outputs
from gsdmc.diffusion.noise import GeneratorNoise
from gsdmc.diffusion.sampling.masked import entropy, margin
from gsdmc.language.kinds import COUNT, REAL, Kind, vector

KINDS = [REAL, vector(3), vector(3, "simplex")]
FLAT = {"rtol": 1e-9, "atol": 1e-9}


def mixture_of(kind: Kind, shape: tuple[int, ...] = (2,), components: int = 4, seed: int = 0) -> Mixture:
    """A mixture as a network with random weights would give it."""
    g = torch.Generator().manual_seed(seed)
    out = torch.randn(*shape, components * (1 + 2 * kind.channels), generator=g, dtype=torch.float64)
    return Mixture(pack(*unpack_outputs(out, components, kind.channels)), components, kind)


def test_a_mixture_is_torchs() -> None:
    for kind in (REAL, vector(3)):
        found = mixture_of(kind)
        normals = torch.distributions.Normal(found.means, found.log_stds.exp())
        expected = torch.distributions.MixtureSameFamily(
            torch.distributions.Categorical(logits=found.log_weights),
            torch.distributions.Independent(normals, 1),
        )
        x = torch.randn(2, kind.channels, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
        state = x if kind.event_shape else x[:, 0]
        torch.testing.assert_close(found.log_prob(state), expected.log_prob(x), **FLAT)
        mean = expected.mean if kind.event_shape else expected.mean[:, 0]
        torch.testing.assert_close(found.mean, mean, **FLAT)
        torch.testing.assert_close(found.std, expected.variance.mean(-1).sqrt(), **FLAT)


def test_the_density_of_a_simplex_integrates_to_one_over_its_plane() -> None:
    found = mixture_of(vector(3, "simplex"), (1,))
    ticks = torch.linspace(-12, 12, 401, dtype=torch.float64)
    across, along = (
        torch.tensor([1.0, -1, 0]).double() / math.sqrt(2),
        torch.tensor([1.0, 1, -2]).double() / 6**0.5,
    )
    plane = ticks[:, None, None] * across + ticks[None, :, None] * along  # [401, 401, 3]
    density = found.log_prob(plane.reshape(-1, 3)).exp()
    assert density.sum().item() * (24 / 400) ** 2 == pytest.approx(1, abs=1e-4)


def test_a_simplex_whose_channels_move_together_is_where_it_was() -> None:
    found = mixture_of(vector(3, "simplex"))
    parts = (found.log_weights, (found.means + 2.5).flatten(-2), found.log_stds.flatten(-2))
    moved = Mixture(torch.cat(parts, -1), 4, found.kind)
    x = torch.randn(2, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    x = x - x.mean(-1, keepdim=True)
    torch.testing.assert_close(moved.log_prob(x), found.log_prob(x))
    torch.testing.assert_close(moved.mean, found.mean)
    torch.testing.assert_close(found.mean.sum(-1), torch.zeros(2).double())


@pytest.mark.parametrize("kind", KINDS, ids=str)
def test_draws_follow_the_density(kind: Kind) -> None:
    one = mixture_of(kind, (1,))
    many = Mixture(one.packed.expand(100_000, -1), 4, kind)
    drawn = many.draw(GeneratorNoise(torch.Generator().manual_seed(2)), "x", 0)
    assert drawn.shape == (100_000, *kind.event_shape)
    torch.testing.assert_close(drawn.mean(0), one.mean[0], atol=0.05, rtol=0)
    if kind.support == "simplex":
        assert drawn.sum(-1).abs().max() < 1e-9
        return
    # The mean log density of draws is minus the entropy: compare with draws of torch's own.
    normals = torch.distributions.Independent(
        torch.distributions.Normal(one.means[0], one.log_stds[0].exp()), 1
    )
    torch.manual_seed(0)
    theirs = torch.distributions.MixtureSameFamily(
        torch.distributions.Categorical(logits=one.log_weights[0]), normals
    ).sample((100_000,))
    theirs = theirs if kind.event_shape else theirs[:, 0]
    assert many.log_prob(drawn).mean().item() == pytest.approx(many.log_prob(theirs).mean().item(), abs=0.02)


@pytest.mark.parametrize(("components", "channels"), list(product((1, 2, 5, 8), (1, 2, 3))))
def test_an_output_of_zeros_is_a_standard_normals_mean_and_variance(components: int, channels: int) -> None:
    out = torch.zeros(components * (1 + 2 * channels), dtype=torch.float64)
    log_weights, means, log_stds = unpack_outputs(out, components, channels)
    weights = log_weights.exp()[:, None]
    torch.testing.assert_close((weights * means).sum(0), torch.zeros(channels).double())
    variance = (weights * (means.square() + (2 * log_stds).exp())).sum(0)
    torch.testing.assert_close(variance, torch.ones(channels).double())
    if components > 1:  # components differ, so that training can tell them apart
        assert torch.pdist(means).min() > 0.05
    places = anchors(components, channels)[0]
    assert all(torch.equal(places[:, c].sort().values, places[:, 0]) for c in range(channels))


def test_standard_deviations_have_a_floor_that_gradients_pass() -> None:
    logs = torch.full((1, 1, 1), -20.0, requires_grad=True)
    packed = pack(torch.zeros(1, 1), torch.zeros(1, 1, 1), logs)
    found = Mixture(packed, 1, REAL)
    assert found.log_stds.exp().item() == pytest.approx(LEAST_STD, rel=1e-4)
    found.log_prob(torch.ones(1)).sum().backward()
    assert logs.grad is not None
    assert logs.grad.item() > 0
    assert math.isfinite(logs.grad.item())


def counts(mean: float = 3.0, std: float = 2.0) -> Mixture:
    grid = Grid(torch.tensor(mean).double(), torch.tensor(std).double(), 0.0)
    return Mixture(mixture_of(COUNT, (1,)).packed, 4, COUNT, grid)


def encoded(whole: Tensor, mixture: Mixture) -> Tensor:
    assert mixture.grid is not None
    return (whole - mixture.grid.mean) / mixture.grid.std


@pytest.mark.parametrize("std", [0.3, 2.0, 1e5])
def test_probabilities_of_counts_sum_to_one(std: float) -> None:
    mixture = counts(std=std)
    step = max(1, round(std / 100))
    state = encoded(torch.arange(0, 40 * max(1, int(std)), step).double(), mixture)
    total = mixture.log_prob(state).exp().sum().item()
    if std > 100:  # every thousandth count, and all of the mass below 0 at 0
        low = mixture.log_prob(state[:1]).exp().item()
        total = low + (total - low) * step
    assert total == pytest.approx(1, abs=0.01 if std > 100 else 1e-9)


def test_counts_are_drawn_on_their_grid_with_their_probabilities() -> None:
    mixture = counts()
    many = Mixture(mixture.packed.expand(50_000, -1), 4, COUNT, mixture.grid)
    drawn = many.draw(GeneratorNoise(torch.Generator().manual_seed(0)), "n", 0)
    whole = drawn * 2 + 3
    torch.testing.assert_close(whole, whole.round())
    assert whole.min() == 0
    frequencies = torch.bincount(whole.long(), minlength=20)[:8] / 50_000
    expected = mixture.log_prob(encoded(torch.arange(8).double(), mixture)).exp()
    torch.testing.assert_close(frequencies.double(), expected, atol=0.01, rtol=0)


def test_gradients_of_counts_are_finite_however_wrong_the_mixture() -> None:
    for where in (0.0, 5.0, 1e6):
        packed = counts().packed.clone().requires_grad_()
        mixture = Mixture(packed, 4, COUNT, counts().grid)
        value = mixture.log_prob(encoded(torch.tensor([where]).double(), mixture))
        value.sum().backward()
        assert value.isfinite().all()
        assert packed.grad is not None
        assert packed.grad.isfinite().all()


def test_a_coin_is_as_uncertain_as_its_real() -> None:
    stds = torch.tensor([0.0, 0.01, 0.5, 1.0, 3.0])
    log_p = coin(stds)
    torch.testing.assert_close(log_p.exp().sum(-1), torch.ones(5).double())
    torch.testing.assert_close(margin(log_p), torch.tensor([1, 0.99, 0.5, 0, 0]).double())
    assert (entropy(log_p).diff() >= 0).all()
    assert entropy(log_p)[1] < 0.05


def test_an_empty_array_has_empty_mixtures() -> None:
    for kind in KINDS:
        found = mixture_of(kind, (2, 0))
        assert found.means.shape == (2, 0, 4, kind.channels)
        assert found.log_prob(torch.zeros(2, 0, *kind.event_shape)).shape == (2, 0)
