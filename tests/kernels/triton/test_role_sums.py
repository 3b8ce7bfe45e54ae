from __future__ import annotations

import pytest
import torch

from gsdmc.kernels.triton import role_sums
from gsdmc.kernels.triton.role_sums import group
from tests.kernels.triton.cases import DEVICE

if DEVICE == "cuda" and not torch.cuda.is_available():
    pytest.skip("needs a GPU or triton's interpreter", allow_module_level=True)


@pytest.mark.parametrize("batch", [0, 1, 3, 19])
@pytest.mark.parametrize("pieces", [512, 8])
def test_sums_over_examples_and_slots_of_each_role_set(
    batch: int, pieces: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(role_sums, "SLOTS", pieces)
    monkeypatch.setattr(role_sums, "PARTIALS", 4)
    generator = torch.Generator().manual_seed(batch)
    role_sets = torch.randint(5, (60,), generator=generator)
    role_sets[role_sets == 2] = 4  # role set 2 has no slots
    slots = torch.randperm(90, generator=generator)[:60]
    values = torch.randn(batch, 2, 90, generator=generator, dtype=torch.float64)
    expected = torch.zeros(2, 6, dtype=torch.float64)
    expected.index_add_(1, role_sets, values[:, :, slots].sum(0))
    unread = torch.ones(90, dtype=torch.bool)
    unread[slots] = False
    values[:, :, unread] = torch.nan
    groups = group(slots.to(DEVICE), role_sets.to(DEVICE), 6)
    for dtype, tolerance in ((torch.float64, 1e-13), (torch.float32, 1e-5)):
        sums = role_sums.role_sums(values.to(DEVICE, dtype), groups)
        assert sums.dtype == dtype
        assert torch.allclose(sums.double().cpu(), expected, rtol=0, atol=tolerance)


def test_no_piece_spans_two_role_sets() -> None:
    role_sets = torch.tensor([1] * 700 + [0] * 3 + [3] * 512)
    groups = group(torch.arange(1215), role_sets, 4)
    assert groups.sets.tolist() == [0, 1, 3, 3, 4]
    assert groups.pieces.tolist() == [0, 3, 515, 703, 1215]
    assert groups.order.tolist() == [*range(700, 703), *range(700), *range(703, 1215)]
