from __future__ import annotations

from gsdmc.training.config import TrainingConfig


def test_files_from_before_a_field_have_its_default() -> None:
    data = TrainingConfig().to_json()
    for name in ("precision", "compile", "recompute", "graphs", "loops", "accumulate"):
        del data[name]
    assert TrainingConfig.from_json(data) == TrainingConfig()


def test_a_run_goes_on_with_what_alters_no_result() -> None:
    config = TrainingConfig()
    assert config.continues(config.with_changes(recompute="on", graphs="off"))
    for changes in ({"precision": "bfloat16"}, {"compile": "on"}, {"batch": 64}):
        assert not config.continues(config.with_changes(**changes))


def test_how_examples_are_dealt_out_alters_no_result() -> None:
    config = TrainingConfig(batch=32)
    assert config.continues(config.with_changes(batch=8, accumulate=4))
    assert config.continues(config.with_changes(batch=16), 1, 2)
    assert config.continues(config.with_changes(batch=8, accumulate=2), 2, 4)
    assert not config.continues(config, 1, 2)
    assert not config.continues(config.with_changes(batch=16, accumulate=2, width=96))
