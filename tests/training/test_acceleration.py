import pytest
import torch

import gsdmc
from gsdmc.kernels.toolchain import compile_lacks
from gsdmc.training.acceleration import accelerate, activation_bytes, recomputes
from gsdmc.training.config import TrainingConfig
from gsdmc.training.loop import train

CPU = torch.device("cpu")
SMALL = TrainingConfig(width=32, layers=2, heads=2, batch=4)


def weights(config: TrainingConfig, steps: int = 3) -> list[torch.Tensor]:
    problem = gsdmc.compile("bcmf", m=3, n=3, k=2)
    return list(train(problem, config, steps=steps, seed=1).denoiser.parameters())


@pytest.mark.parametrize("architecture", ["default", "paper"])
def test_recomputed_activations_give_the_same_weights(architecture: str) -> None:
    config = SMALL.with_changes(architecture=architecture, width=32, recompute="off")
    kept, recomputed = weights(config), weights(config.with_changes(recompute="on"))
    assert all(torch.equal(a, b) for a, b in zip(kept, recomputed, strict=True))


def test_bfloat16_products_stay_close_to_float32() -> None:
    config = SMALL.with_changes(learning_rate=1e-3, matrix_rate=1e-3)
    full, half = weights(config), weights(config.with_changes(precision="bfloat16"))
    assert any(not torch.equal(a, b) for a, b in zip(full, half, strict=True))
    for a, b in zip(full, half, strict=True):
        assert b.dtype == torch.float32
        assert (a - b).abs().max() < 0.01  # three steps move a weight by at most 0.003 each


@pytest.mark.slow
@pytest.mark.skipif(compile_lacks() is not None, reason="torch.compile needs a C++ compiler")
@pytest.mark.filterwarnings("default")  # torch's own, while it compiles
def test_compiled_blocks_learn_the_same() -> None:
    plain, compiled = weights(SMALL), weights(SMALL.with_changes(compile="on"))
    for a, b in zip(plain, compiled, strict=True):
        torch.testing.assert_close(a, b, rtol=1e-3, atol=1e-3)


def test_auto_is_plain_float32_on_a_cpu_and_says_why() -> None:
    chosen = accelerate(CPU)
    assert chosen.autocast is None
    assert not chosen.compile
    assert set(chosen.reasons) == {"precision", "compile"}
    assert accelerate(CPU, "bfloat16").autocast == torch.bfloat16
    assert accelerate(CPU, compile="on").compile


def test_large_graphs_recompute_and_small_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = gsdmc.compile("bcmf", m=5, n=5, k=3).layout
    network = SMALL.network(layout)
    need = activation_bytes(network, layout, 4)
    monkeypatch.setattr("gsdmc.training.acceleration.memory", lambda device: 3 * need)
    assert not recomputes("auto", network, layout, 4, CPU)
    assert recomputes("auto", network, layout, 8, CPU)
    assert recomputes("on", network, layout, 4, CPU)
    assert not recomputes("off", network, layout, 8, CPU)
