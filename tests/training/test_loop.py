from __future__ import annotations

import json
import signal
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from gsdmc.diffusion.sampling.sampler import SamplerConfig, sample
from gsdmc.language.source import GsdmcError
from gsdmc.training import loop
from gsdmc.training import run as run_module
from gsdmc.training.checkpoint import Model, load
from gsdmc.training.config import TrainingConfig
from gsdmc.training.loop import Progress, Run, train
from gsdmc.training.optimiser import Optimiser, schedule
from gsdmc.training.presets import preset
from gsdmc.training.seeds import generator
from tests.elsewhere import FAR, Elsewhere
from tests.model.problems import bcmf, boolean, chain, latin

SMALL = replace(preset("default", "x"), width=32, layers=1, heads=2, batch=8, reach=False, warmup=2)


def same(one: Model, two: Model) -> bool:
    pairs = zip(one.denoiser.state_dict().values(), two.denoiser.state_dict().values(), strict=True)
    return all(torch.equal(a, b) for a, b in pairs)


def test_loss_falls_on_a_tiny_problem() -> None:
    config = replace(SMALL, batch=32, layers=4, warmup=5)
    model = train(boolean(2), config, steps=60)
    curve = [loss for _, loss in model.metrics["loss"]]
    assert sum(curve[-10:]) < 0.5 * sum(curve[:10])


def test_equal_seeds_give_equal_weights_and_others_do_not() -> None:
    one, two, other = (train(bcmf(2, 2, 2), SMALL, steps=3, seed=s) for s in (1, 1, 2))
    assert same(one, two)
    assert not same(one, other)


@pytest.mark.parametrize("name", ["default", "paper"])
def test_a_resumed_run_equals_an_uninterrupted_one(tmp_path: Path, name: str) -> None:
    config = replace(preset(name, "bcmf"), width=32, layers=1, heads=2, batch=4, reach=False)
    problem = bcmf(2, 2, 2)
    whole = train(problem, config, steps=20, seed=3, vary=("m",))
    train(problem, config, steps=20, seed=3, vary=("m",), folder=tmp_path / "m", stop_after=7)
    resumed = train(problem, config, steps=20, seed=3, vary=("m",), folder=tmp_path / "m", resume=True)
    assert resumed.run["steps"] == 20
    assert same(whole, resumed)


def test_resuming_another_run_is_refused(tmp_path: Path) -> None:
    train(bcmf(2, 2, 2), SMALL, steps=2, folder=tmp_path / "m", stop_after=1)
    with pytest.raises(GsdmcError, match="other settings"):
        train(bcmf(2, 2, 2), SMALL, steps=2, seed=1, folder=tmp_path / "m", resume=True)


def test_what_is_saved_is_what_is_loaded(tmp_path: Path) -> None:
    problem = bcmf(2, 2, 2)
    model = train(problem, SMALL, steps=3, folder=tmp_path / "deep" / "m", program="(def k 2)")
    again = load(tmp_path / "deep" / "m")
    assert same(model, again)
    assert again.config == model.config
    assert again.run == model.run
    assert torch.equal(again.process.standardiser.std, model.process.standardiser.std)
    assert (tmp_path / "deep" / "m" / "program.clj").read_text() == "(def k 2)"
    assert json.loads((tmp_path / "deep" / "m" / "metrics.json").read_text())["seed"] == 0
    assert [p.name for p in (tmp_path / "deep").iterdir()] == ["m"]


def test_a_folder_that_is_no_model_is_refused(tmp_path: Path) -> None:
    with pytest.raises(GsdmcError, match="not a model folder"):
        load(tmp_path)


def test_an_interrupt_leaves_a_usable_model(tmp_path: Path) -> None:
    problem = latin(3)
    drawn = problem.simulate

    def interrupted(batch: int, seed: int):
        if batch == 8 * 16 and seed != first[0]:
            raise KeyboardInterrupt
        return drawn(batch, seed)

    first: list[int] = []

    def remember(batch: int, seed: int):
        if batch == 8 * 16:
            first.append(seed)
            problem.simulate = interrupted
        return drawn(batch, seed)

    problem.simulate = remember
    model = train(problem, SMALL, steps=1000, folder=tmp_path / "m")
    assert model.run["steps"] == 16
    assert same(model, load(tmp_path / "m"))


def test_sizes_vary_within_their_ranges() -> None:
    seen = set()
    problem = chain()
    build = problem.build

    def spy(**sizes: int):
        seen.add(sizes["length"])
        return build(**sizes)

    problem.build = spy
    model = train(problem, SMALL, steps=20, vary=("length",))
    assert seen == set(range(2, 7))
    values = chain(9).simulate(2, 0)
    mask = {"x": torch.zeros(2, 9, dtype=torch.bool)}
    g = torch.Generator().manual_seed(0)
    out = sample(
        model.denoiser,
        chain(9).layout,
        model.process,
        values,
        mask,
        config=SamplerConfig(steps=2),
        generator=g,
    )
    assert out["x"].shape == (2, 9)
    with pytest.raises(GsdmcError, match="no training range"):
        train(problem, SMALL, steps=1, vary=("width",))


def test_progress_ends_with_the_last_step_and_budgets_are_checked() -> None:
    reports: list[Progress] = []
    train(latin(2), SMALL, steps=5, progress=reports.append)
    assert reports[-1].step == 5
    assert reports[-1].speed > 0
    with pytest.raises(ValueError, match="steps or minutes"):
        train(latin(2), SMALL)
    assert train(latin(2), SMALL, minutes=0.005).run["steps"] > 0


def test_configurations_survive_json() -> None:
    for name in ("default", "paper"):
        config = preset(name, "sudoku")
        assert TrainingConfig.from_json(json.loads(json.dumps(config.to_json()))) == config
    with pytest.raises(ValueError, match="unknown preset"):
        preset("fast", "bcmf")


def test_a_run_goes_on_where_activations_are_recomputed_and_not_in_another_precision(tmp_path: Path) -> None:
    problem, folder = bcmf(2, 2, 2), tmp_path / "m"
    whole = train(problem, SMALL, steps=4)
    train(problem, SMALL, steps=4, folder=folder, stop_after=2)
    with pytest.raises(GsdmcError, match="other settings"):
        train(problem, replace(SMALL, precision="bfloat16"), steps=4, folder=folder, resume=True)
    resumed = train(problem, replace(SMALL, recompute="on"), steps=4, folder=folder, resume=True)
    assert same(whole, resumed)
    assert resumed.metrics["acceleration"]["recompute"] is True


class Clock:
    """Time that goes by in steps of a second."""

    def __init__(self) -> None:
        self.now = 0.0

    def perf_counter(self) -> float:
        self.now += 1.0
        return self.now


def test_minutes_set_the_learning_rate_schedule(monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[tuple[int, float]] = []
    advance = Run.advance

    def spy(self: Run, done: float) -> torch.Tensor:
        seen.append((self.step, done))
        return advance(self, done)

    monkeypatch.setattr(Run, "advance", spy)
    monkeypatch.setattr(loop, "time", Clock())
    model = train(latin(2), SMALL, minutes=0.5)
    steps = model.run["steps"]
    assert model.run["ended"] == "budget"
    assert [step for step, _ in seen] == list(range(steps))
    shares = [done for _, done in seen]
    assert shares == pytest.approx([(i + 1) / 30 for i in range(steps)])  # of 30 s, one a step
    rates = [schedule(SMALL, step, done) for step, done in seen]
    assert rates[SMALL.warmup :] == sorted(rates[SMALL.warmup :], reverse=True)
    assert rates[-1] < 0.02


def test_a_level_loss_ends_training_at_the_same_step_however_often_it_is_kept(tmp_path: Path) -> None:
    flat = replace(SMALL, learning_rate=0.0, matrix_rate=0.0, plateau=4)
    problem = bcmf(2, 2, 2)
    whole = train(problem, flat, steps=10**4)
    steps = whole.run["steps"]
    assert whole.run["ended"] == "plateau"
    assert steps % 4 == 0
    assert steps < 10**4
    kept = train(problem, flat, steps=10**4, folder=tmp_path / "m", stop_after=5)
    assert kept.run["ended"] == "stopped"
    kept = train(problem, flat, steps=10**4, folder=tmp_path / "m", resume=True, save_every=0)
    assert (kept.run["steps"], kept.run["ended"]) == (steps, "plateau")
    assert kept.metrics["loss"] == whole.metrics["loss"]
    again = train(problem, flat, steps=10**4, folder=tmp_path / "m", resume=True)
    assert (again.run["steps"], again.run["ended"]) == (steps, "plateau")
    other = replace(flat, plateau=0)  # what decides when to end may change
    on = train(problem, other, steps=steps + 3, folder=tmp_path / "m", resume=True)
    assert (on.run["steps"], on.run["ended"]) == (steps + 3, "budget")


def test_the_log_is_that_of_an_uninterrupted_run(tmp_path: Path) -> None:
    problem = bcmf(2, 2, 2)
    train(problem, SMALL, steps=500, folder=tmp_path / "whole", stop_after=9)
    for stop in (3, 6, 9):
        train(problem, SMALL, steps=500, folder=tmp_path / "parts", stop_after=stop, resume=stop > 3)
    logs = [(tmp_path / name / "logs" / "loss.csv").read_text().splitlines() for name in ("whole", "parts")]
    assert [row.split(",")[:3] for row in logs[0]] == [row.split(",")[:3] for row in logs[1]]
    assert [row.split(",")[0] for row in logs[0]] == ["step", "2", "4", "6", "8", "9"]
    train(problem, SMALL, steps=2, folder=tmp_path / "whole")  # another run has a log of its own
    assert len((tmp_path / "whole" / "logs" / "loss.csv").read_text().splitlines()) == 3


def test_a_second_trainer_is_refused_and_the_first_goes_on(tmp_path: Path) -> None:
    problem, folder = bcmf(2, 2, 2), tmp_path / "m"
    refusals: list[str] = []

    def second(_: Progress) -> None:
        with pytest.raises(GsdmcError, match="is being trained by process") as caught:
            train(problem, SMALL, steps=1, folder=folder)
        refusals.append(caught.value.message)

    first = train(problem, SMALL, steps=2, folder=folder, progress=second)
    assert refusals
    assert same(first, load(folder))


def test_ctrl_c_ends_a_run_after_its_step_and_a_second_one_keeps_the_last_checkpoint(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    problem, folder = bcmf(2, 2, 2), tmp_path / "m"
    step = Optimiser.step
    presses = 1

    def pressed(self: Optimiser, factor: float) -> None:
        step(self, factor)
        for _ in range(presses):
            signal.raise_signal(signal.SIGINT)

    whole = train(problem, SMALL, steps=30)
    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell's background job ignores it
    with monkeypatch.context() as patched:
        patched.setattr(Optimiser, "step", pressed)
        model = train(problem, SMALL, steps=30, folder=folder)
        assert (model.run["steps"], model.run["ended"]) == (1, "interrupted")
        presses = 2
        with pytest.raises(KeyboardInterrupt):
            train(problem, SMALL, steps=30, folder=folder, resume=True)
    signal.signal(signal.SIGINT, before)
    assert load(folder).run["steps"] == 1
    assert same(whole, train(problem, SMALL, steps=30, folder=folder, resume=True))


class OnOneStream:
    """Generators of streams; one elsewhere goes on with the stream's numbers from here."""

    def __init__(self) -> None:
        self.latest: dict[tuple[int, ...], torch.Generator] = {}

    def __call__(self, *keys: int, device: torch.device | str = "cpu") -> torch.Generator:
        if device == "cpu":
            self.latest[keys] = generator(*keys)
        return self.latest[keys]


VARIANTS: dict[str, TrainingConfig] = {
    "default": SMALL,
    "paper": replace(preset("paper", "bcmf"), width=32, layers=1, heads=2, batch=8),
    "velocity": replace(SMALL, process=replace(SMALL.process, prediction="v", schedule="linear")),
    "edm": replace(SMALL, process=replace(SMALL.process, schedule="edm", times="lognormal", weighting="snr")),
    "looped": replace(SMALL, loops=2, recompute="on"),
    "mixture": replace(SMALL, process=replace(SMALL.process, head="mixture")),
    "masked": replace(SMALL, process=replace(SMALL.process, reals="masked")),
}


@pytest.mark.parametrize("name", VARIANTS)
def test_a_step_elsewhere_meets_no_cpu_tensor_and_waits_for_nothing(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    Adam, clip = torch.optim.Adam, torch.nn.utils.clip_grad_norm_
    monkeypatch.setattr(run_module, "generator", OnOneStream())
    # torch refuses these two on a device of this name, and does with CUDA what they do.
    monkeypatch.setattr(torch.optim, "Adam", lambda *a, fused, **k: Adam(*a, foreach=False, **k))
    monkeypatch.setattr(torch.nn.utils, "clip_grad_norm_", lambda w, most, foreach: clip(w, most))
    config, problem = VARIANTS[name], bcmf(3, 2, 2)
    here = Run(problem, config, 0, ())
    losses = [here.advance(0.0).item() for _ in range(3)]
    with Elsewhere() as elsewhere:
        run = Run(problem, config, 0, (), None, FAR)
        found = [run.advance(0.0)]  # moves the graph there, and looks at it
        assert elsewhere.waits
        elsewhere.waits.clear()
        found += [run.advance(0.0) for _ in range(2)]
        assert elsewhere.waits == []
        assert [loss.item() for loss in found] == pytest.approx(losses, rel=1e-4)
        assert {weight.device for weight in run.averages} == {FAR}


@pytest.mark.gpu
@pytest.mark.filterwarnings("default")  # torch's own, while it compiles
@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a CUDA device")
@pytest.mark.parametrize("precision", ["float32", "bfloat16"])
def test_a_gpu_learns_what_a_cpu_learns(precision: str, tmp_path: Path) -> None:
    config = replace(SMALL, learning_rate=1e-3, matrix_rate=1e-3, precision=precision)
    problem = bcmf(3, 2, 2)
    model = train(problem, config, steps=3, folder=tmp_path / "m", stop_after=2, device="cuda")
    assert model.device == torch.device("cpu")
    model = train(problem, config, steps=3, folder=tmp_path / "m", resume=True, device="cuda:0")
    assert model.metrics["acceleration"]["device"] == "cuda:0"
    assert model.metrics["acceleration"]["precision"] == precision
    reference = train(problem, replace(config, precision="float32"), steps=3)
    for a, b in zip(model.denoiser.parameters(), reference.denoiser.parameters(), strict=True):
        assert (a - b).abs().max() < 0.01  # noise is another's; three steps move a weight by 0.003 each
