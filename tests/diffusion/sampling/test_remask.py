from __future__ import annotations

from itertools import pairwise

import torch
from hypothesis import assume, given
from hypothesis import strategies as st
from torch import Tensor

from gsdmc.diffusion.config import ProcessConfig
from gsdmc.diffusion.process import Process
from gsdmc.diffusion.sampling.remask import remask_chance, reveal_chance
from gsdmc.diffusion.sampling.sampler import SamplerConfig, sample
from gsdmc.diffusion.standardise import Standardiser
from tests.model.problems import latin
from tests.model.test_denoiser import denoiser_for

share = st.floats(0, 1)


@given(share, share, share)
def test_the_share_of_masked_values_follows_the_clock(a: float, b: float, most: float) -> None:
    after, now = sorted((a, b))
    assume(now > 1e-6)
    now_, after_ = (torch.tensor(x, dtype=torch.float64) for x in (now, after))
    again = remask_chance(now_, after_, most)
    shown = reveal_chance(now_, after_, again)
    assert 0 <= again <= most
    assert -1e-9 <= shown <= 1 + 1e-9
    left = now_ * (1 - shown) + (1 - now_) * again
    torch.testing.assert_close(left, after_, atol=1e-9, rtol=0)


def test_nothing_is_masked_again_in_the_last_step_nor_at_chance_0() -> None:
    half, none = torch.tensor(0.5), torch.tensor(0.0)
    assert remask_chance(half, none, 1.0) == 0
    assert remask_chance(half, half, 0.0) == 0
    assert remask_chance(half, half, 1.0) == 1


class Watched:
    """Counts how often each value of an array is drawn anew."""

    def __init__(self) -> None:
        self.states: list[Tensor] = []

    def __call__(self, module: object, args: tuple[object, dict[str, Tensor], object, object]) -> None:
        self.states.append(args[1]["cell"].sum(-1) > 0)  # [B, n, n], what is revealed


def test_revealed_values_are_masked_again_and_evidence_never_is() -> None:
    problem = latin(4)
    process = Process(ProcessConfig(), Standardiser.identity(problem.layout))
    values = problem.simulate(8, 0)
    mask = {"cell": torch.rand(8, 4, 4, generator=torch.Generator().manual_seed(0)) < 0.3}
    for order in ("random", "margin", "shuffled"):
        for remask in (0.0, 0.2):
            denoiser, watched = denoiser_for(problem), Watched()
            denoiser.register_forward_pre_hook(watched)
            config = SamplerConfig(40, order=order, remask=remask, certain=0.5)
            out = sample(
                denoiser,
                problem.layout,
                process,
                values,
                mask,
                config=config,
                generator=torch.Generator().manual_seed(1),
            )
            assert torch.equal(out["cell"][mask["cell"]], values["cell"][mask["cell"]])
            assert out["cell"].max() < 4
            whole = [s for s in watched.states if len(s) == 8]  # calls of the whole batch
            hidden = [bool((before & ~after).any()) for before, after in pairwise(whole)]
            assert any(hidden) == (remask > 0)
            assert all(bool(state[mask["cell"]].all()) for state in whole)
