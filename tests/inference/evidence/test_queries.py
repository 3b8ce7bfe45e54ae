from __future__ import annotations

import pytest
import torch

from gsdmc.inference.evidence.queries import check_query, describe
from gsdmc.language.source import GsdmcError, Source, Span
from gsdmc.language.syntax import Given

SPAN = Span(Source("<test>", ""), 0, 0)


def family(*targets: str, subset: tuple[str, ...] = ()) -> Given:
    return Given(SPAN, targets, subset)


def mask(**parts: str) -> dict[str, torch.Tensor]:
    """`A="110"`: the first two of three entries of A are given."""
    return {name: torch.tensor([c == "1" for c in bits]) for name, bits in parts.items()}


@pytest.mark.parametrize(
    ("givens", "query"),
    [
        ((), mask(A="10", B="01")),
        ((), mask(A="00", B="00")),
        ((family("A"),), mask(A="11", B="00")),
        ((family("A", "B"),), mask(A="11", B="11")),
        ((family(subset=("A",)),), mask(A="10", B="00")),
        ((family(subset=("A",)),), mask(A="00", B="00")),
        ((family("A"), family(subset=("B",))), mask(A="11", B="10")),
        ((family(subset=("A",)), family(subset=("B",))), mask(A="01", B="10")),
    ],
)
def test_queries_of_the_family(givens: tuple[Given, ...], query: dict[str, torch.Tensor]) -> None:
    check_query(givens, query)


@pytest.mark.parametrize(
    ("givens", "query", "says"),
    [
        ((family("A"),), mask(A="00", B="00"), 'lacks "A", but the network was trained with A given'),
        ((family("A"),), mask(A="10", B="00"), 'lacks an entry of "A"'),
        ((family("A"),), mask(A="1000", B="00"), 'lacks 3 entries of "A"'),
        ((family("A"),), mask(A="11", B="10"), 'holds "B"'),
        ((family(subset=("A",)),), mask(A="10", B="10"), "trained with a subset of A given"),
        ((family("A"), family(subset=("B",))), mask(A="01", B="10"), "with A and a subset of B given"),
    ],
)
def test_queries_outside_the_family(
    givens: tuple[Given, ...], query: dict[str, torch.Tensor], says: str
) -> None:
    with pytest.raises(GsdmcError, match=says) as error:
        check_query(givens, query)
    assert "strict=False (--no-strict)" in (error.value.hint or "")


def test_families_in_words() -> None:
    assert describe(()) == "for any query"
    assert describe((family("A", "E"),)) == "with A and E given"
    assert describe((family(subset=("A", "B")),)) == "with a subset of A and B given"


def test_values_may_be_missing_where_training_knew_that() -> None:
    check_query((family("A"),), mask(A="10", B="00"), missing=True)
    check_query((family("A"),), mask(A="00", B="00"), missing=True)
    with pytest.raises(GsdmcError, match='holds "B"'):
        check_query((family("A"),), mask(A="10", B="10"), missing=True)
