from __future__ import annotations

import pytest
import torch

from gsdmc.language.source import GsdmcError
from gsdmc.training.precision import choose_precision

CPU, CUDA = torch.device("cpu"), torch.device("cuda", 0)


def test_types_by_name_or_as_torch_has_them() -> None:
    assert choose_precision("float32", CPU) == (torch.float32, None)
    assert choose_precision("float64", CUDA) == (torch.float64, None)
    assert choose_precision(torch.float64, CPU) == (torch.float64, None)


@pytest.mark.parametrize("wanted", ["float16", "int64", "double", torch.int32, ""])
def test_other_types_are_refused(wanted: str | torch.dtype) -> None:
    with pytest.raises(GsdmcError, match="is no type that networks run in"):
        choose_precision(wanted, CPU)


def test_bfloat16_is_for_devices_that_gain_from_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(GsdmcError, match="bfloat16 is for CUDA devices"):
        choose_precision("bfloat16", CPU)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (7, 5))
    with pytest.raises(GsdmcError, match=r"needs compute capability 8\.0, and cuda:0 has 7\.5"):
        choose_precision("bfloat16", CUDA)
    monkeypatch.setattr(torch.cuda, "get_device_capability", lambda device: (9, 0))
    assert choose_precision(torch.bfloat16, CUDA) == (torch.float32, torch.bfloat16)
