"""Settings from texts."""

from __future__ import annotations

import pytest

from gsdmc.language.source import GsdmcError
from gsdmc.training.config import TrainingConfig
from gsdmc.training.overrides import override

CONFIG = TrainingConfig()


def test_fields_of_every_type_and_depth() -> None:
    found = override(
        CONFIG,
        ["batch=64", "ema = 0.9", "clip=2", "reach=false", "betas=[0.8, 0.9]", "optimiser=adam",
         "process.prediction=v", "process.mask_weight=1", "sampler.steps=7"],
    )  # fmt: skip
    assert (found.batch, found.ema, found.clip, found.reach) == (64, 0.9, 2.0, False)
    assert isinstance(found.clip, float)
    assert (found.betas, found.optimiser) == ((0.8, 0.9), "adam")
    assert (found.process.prediction, found.process.mask_weight, found.sampler.steps) == ("v", 1.0, 7)
    assert TrainingConfig.from_json(found.to_json()) == found
    assert override(CONFIG, []) == CONFIG


@pytest.mark.parametrize(
    ("text", "message", "hint"),
    [
        ("batch", "'batch' sets nothing", "write FIELD=VALUE, as in batch=64"),
        ("bach=3", "no setting `bach`", "did you mean `batch`?"),
        ("process.predicton=v", "no setting `process.predicton`", "did you mean `prediction`"),
        ("process=3", "`process` is several settings", "set one of process.schedule"),
        ("batch.size=3", "no setting `batch.size`", "batch has no parts"),
        ("batch=many", "batch can't be many: expected a whole number", None),
        ("batch=2.5", "batch can't be 2.5: expected a whole number", None),
        ("batch=true", "expected a whole number", None),
        ("ema=high", "expected a number", None),
        ("reach=1", "expected true or false", None),
        ("betas=[0.9]", "expected a list of 2", None),
        ("optimiser=sgd", "expected adam or muon", None),
        ("process.prediction=x", "process.prediction can't be x", None),
    ],
)
def test_mistakes(text: str, message: str, hint: str | None) -> None:
    with pytest.raises(GsdmcError) as error:
        override(CONFIG, [text])
    assert message in error.value.message
    assert hint is None or (error.value.hint or "").startswith(hint)
