from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.folder import PROBLEM, check_folder
from gsdmc.program import externs
from gsdmc.training.config import TrainingConfig
from tests.training.sealed import seal

DATA = """(def xs [1.0 2.0])
(let [slope (sample "slope" (normal 0 1))]
  (foreach (count xs) [x xs] (sample "y" (normal (* slope x) 1))))"""


def test_a_loaded_model_samples_as_the_trained_one(tmp_path: Path, tiny: TrainingConfig) -> None:
    trained = gsdmc.train("bcmf", steps=1, preset=tiny, out=tmp_path / "m", m=2, n=3)
    loaded = gsdmc.load(tmp_path / "m")
    evidence = {"E": np.zeros((2, 3))}
    assert loaded.problem.sizes == {"m": 2, "n": 3, "k": 3}
    np.testing.assert_array_equal(
        trained.sample(evidence, steps=2)["A"], loaded.sample(evidence, steps=2)["A"]
    )
    assert loaded.resized(m=4).problem.sizes["m"] == 4


def test_data_of_the_user_and_of_the_program_travel_with_the_model(
    tmp_path: Path, tiny: TrainingConfig
) -> None:
    problem = compile_text(DATA, "line.clj", {"xs": np.array([1.0, 5.0, -2.0])})
    gsdmc.train(problem, steps=1, preset=tiny, out=tmp_path / "line")
    assert gsdmc.load(tmp_path / "line").problem.graph.by_name["y"].shape == (3,)
    circuit = gsdmc.train("boolean", n=2, steps=1, preset=tiny, out=tmp_path / "boolean")
    again = gsdmc.load(tmp_path / "boolean").problem
    ours, theirs = (p.simulate(8, seed=1)["y"] for p in (circuit.problem, again))
    assert ours.equal(theirs)


def test_a_folder_without_its_compiled_problem_still_loads(tmp_path: Path, tiny: TrainingConfig) -> None:
    gsdmc.train("bcmf", steps=1, preset=tiny, out=tmp_path / "m", k=2)
    (tmp_path / "m" / PROBLEM).unlink()
    assert gsdmc.load(tmp_path / "m").problem.sizes["k"] == 2
    (tmp_path / "m" / "program.clj").unlink()
    with pytest.raises(gsdmc.GsdmcError, match="no readable program"):
        gsdmc.load(tmp_path / "m")


CHOICES: list[dict[str, Any]] = [
    {"mask": "random:20"},
    {"mask": "random:5:3"},
    {"mask": "dense"},
    {"symmetrise": False},
    {"embedding": "independent", "given": "any"},
    {"intermediates": False, "given": "subset:u,s"},
]


@pytest.mark.parametrize("changes", CHOICES, ids=lambda c: " ".join(f"{k}={v}" for k, v in c.items()))
def test_a_model_with_options_is_loaded_as_it_was_compiled(
    changes: dict[str, Any], tmp_path: Path, tiny: TrainingConfig
) -> None:
    problem = gsdmc.compile("sorting", n=4, **changes)
    trained = gsdmc.train(problem, steps=3, preset=tiny, out=tmp_path / "m")
    evidence = {"u": [0.3, -1.0, 2.0, 0.1]}
    for kept in (True, False):  # without its compiled problem, a folder knows the options all the same
        loaded = gsdmc.load(tmp_path / "m")
        assert loaded.problem.options == problem.options
        assert (loaded.problem.mask != problem.mask).nnz == 0
        assert loaded.problem.givens == problem.givens
        ours, theirs = (model.sample(evidence, steps=2, strict=False) for model in (trained, loaded))
        for array in problem.graph.arrays:
            np.testing.assert_array_equal(ours[array.name], theirs[array.name])
        if kept:
            (tmp_path / "m" / PROBLEM).unlink()


def test_damaged_options_say_so(tmp_path: Path, tiny: TrainingConfig) -> None:
    gsdmc.train(gsdmc.compile("bcmf", mask="dense"), steps=1, preset=tiny, out=tmp_path / "m")
    (tmp_path / "m" / PROBLEM).unlink()
    config = tmp_path / "m" / "config.json"
    config.write_text(config.read_text().replace('"dense"', '"dance"'))
    seal(tmp_path / "m")
    with pytest.raises(gsdmc.GsdmcError, match=r"config.json is damaged: there is no mask `dance`"):
        gsdmc.load(tmp_path / "m")


def test_what_is_no_model_says_so(tmp_path: Path) -> None:
    with pytest.raises(gsdmc.GsdmcError, match="no model folder"):
        gsdmc.load(tmp_path / "none")
    with pytest.raises(gsdmc.GsdmcError, match="is not a model folder"):
        gsdmc.load(tmp_path)


def test_training_replaces_models_and_nothing_else(tmp_path: Path, tiny: TrainingConfig) -> None:
    (tmp_path / "thesis.tex").write_text("years of work")
    with pytest.raises(gsdmc.GsdmcError, match="holds files but no model"):
        gsdmc.train("bcmf", steps=1, preset=tiny, out=tmp_path)
    with pytest.raises(gsdmc.GsdmcError, match="is a file"):
        check_folder(tmp_path / "thesis.tex")
    (tmp_path / "empty").mkdir()
    for steps in (1, 2):
        gsdmc.train("bcmf", steps=steps, preset=tiny, out=tmp_path / "empty")
    assert gsdmc.load(tmp_path / "empty").trained.run["steps"] == 2
    assert sorted(p.name for p in tmp_path.iterdir()) == ["empty", "thesis.tex"]


def test_a_place_that_can_not_be_written_is_found_before_training(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(gsdmc.GsdmcError, match="can't be written"):
        check_folder(tmp_path / "file" / "model")
    shutil.rmtree(tmp_path)


def test_a_function_that_is_not_registered_is_named_with_the_folder(
    tmp_path: Path, tiny: TrainingConfig, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(externs, "_REGISTRY", dict(externs._REGISTRY))
    gsdmc.register(
        "our-noise",
        lambda rng, batch, n: rng.standard_normal((batch, n)),
        kind=lambda n: gsdmc.kinds.REAL,
        shape=lambda n: (n,),
        exchangeable=(True,),
    )
    text = '(let [e (extern our-noise 2)] (foreach 2 [i (range 2)] (sample "x" (dirac (get e i)))))'
    gsdmc.train(compile_text(text, "noise.clj"), steps=1, preset=tiny, out=tmp_path / "m", device="cpu")
    assert gsdmc.load(tmp_path / "m").problem.simulate(2, 0)["x"].shape == (2, 2)
    del externs._REGISTRY["our-noise"]
    with pytest.raises(
        gsdmc.GsdmcError, match="m calls the function `our-noise`, which is not registered"
    ) as e:
        gsdmc.load(tmp_path / "m")
    assert 'gsdmc.register("our-noise", ...)' in (e.value.hint or "")
