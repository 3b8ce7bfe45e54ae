import pytest
import torch

import gsdmc
from gsdmc.inference.fit import TrainingProblem
from gsdmc.kernels.toolchain import compile_lacks
from gsdmc.language.source import GsdmcError
from gsdmc.training import acceleration
from gsdmc.training.acceleration import accelerate, activation_bytes, recompute_reason, recomputes
from gsdmc.training.config import TrainingConfig
from gsdmc.training.loop import train

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)
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
    assert not chosen.graphs
    assert set(chosen.reasons) == {"precision", "compile", "graphs"}
    assert accelerate(CPU, "bfloat16").autocast == torch.bfloat16
    assert accelerate(CPU, "bfloat16").to_json()["precision"] == "bfloat16"
    if compile_lacks() is None:
        assert accelerate(CPU, compile="on").compile


@pytest.fixture
def hopper(monkeypatch: pytest.MonkeyPatch) -> None:
    """A GPU and a compiler."""
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (9, 0))
    monkeypatch.setattr(acceleration, "triton_lacks", lambda: None)


def test_a_gpu_gets_all_of_it(hopper: None, monkeypatch: pytest.MonkeyPatch) -> None:
    assert accelerate(CUDA).to_json() == {
        "device": "cuda:0",
        "precision": "bfloat16",
        "compile": True,
        "graphs": True,
        "reasons": {
            "precision": "tensor cores take bfloat16",
            "compile": "fused element-wise kernels pay on CUDA",
            "graphs": "one launch of a captured step in place of hundreds",
        },
    }
    varied = accelerate(CUDA, varied=True)
    assert (varied.compile, varied.graphs) == (False, False)
    assert "sizes vary" in varied.reasons["graphs"]
    assert not accelerate(CUDA, recompute=True).graphs
    assert accelerate(CUDA, graphs="on", recompute=True).graphs
    off = accelerate(CUDA, "float32", "off", "off")
    assert (off.autocast, off.compile, off.graphs) == (None, False, False)
    assert set(off.reasons.values()) == {"asked for"}
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda _: (7, 5))
    monkeypatch.setattr(acceleration, "triton_lacks", lambda: "there is no C compiler, which triton needs")
    old = accelerate(CUDA)
    assert (old.autocast, old.compile, old.graphs) == (None, False, True)
    assert old.reasons["compile"] == "there is no C compiler, which triton needs"


def test_what_can_not_be_says_why_and_what_to_do(hopper: None, monkeypatch: pytest.MonkeyPatch) -> None:
    for device, lacks in ((CPU, "compile_lacks"), (CUDA, "triton_lacks")):
        monkeypatch.setattr(acceleration, lacks, lambda: "there is no compiler")
        with pytest.raises(GsdmcError, match="blocks can't be compiled: there is no compiler") as caught:
            accelerate(device, compile="on")
        assert "auto" in str(caught.value.hint)
    with pytest.raises(GsdmcError, match="CUDA graphs exist on CUDA alone"):
        accelerate(CPU, graphs="on")
    with pytest.raises(GsdmcError, match="sizes vary, and a graph is captured for one"):
        accelerate(CUDA, graphs="on", varied=True)


def test_a_model_says_how_its_steps_ran_and_why() -> None:
    problem = TrainingProblem(gsdmc.compile("bcmf", m=3, n=3, k=2), {})
    model = train(problem, SMALL.with_changes(recompute="on"), steps=1, device="cpu")
    said = model.metrics["acceleration"]
    assert (said["device"], said["precision"], said["recompute"]) == ("cpu", "float32", True)
    assert set(said["reasons"]) == {"device", "precision", "compile", "graphs", "recompute"}
    assert (said["reasons"]["device"], said["reasons"]["recompute"]) == ("asked for", "asked for")


def test_large_graphs_recompute_and_small_ones_do_not(monkeypatch: pytest.MonkeyPatch) -> None:
    layout = gsdmc.compile("bcmf", m=5, n=5, k=3).layout
    network = SMALL.network(layout)
    need = activation_bytes(network, layout, 4)
    monkeypatch.setattr("gsdmc.training.acceleration.memory", lambda device: 3 * need)
    assert not recomputes("auto", network, layout, 4, CPU)
    assert recomputes("auto", network, layout, 8, CPU)
    assert f"about {need / 2**20:,.1f} MiB of {3 * need / 2**20:,.1f} MiB" in recompute_reason(
        "auto", network, layout, 4, CPU
    )
    assert recomputes("on", network, layout, 4, CPU)
    assert not recomputes("off", network, layout, 8, CPU)
