"""Whether a network was trained for a query."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from torch import Tensor

from gsdmc.language.source import GsdmcError
from gsdmc.language.syntax import Given

CURE = "or sample all the same with strict=False (--no-strict): the network may then be wrong"


def check_query(givens: Sequence[Given], mask: Mapping[str, Tensor], *, missing: bool = False) -> None:
    """Refuse evidence outside the families that training drew from.

    Arrays that a `given` names are always whole, unless values may be missing; those in a `subset` may be
    given in any part; no others are. Without a `given`, every subset of the variables is a query.

    Args:
        givens: the program's statements.
        mask: per array, booleans that are true where there is evidence.
        missing: whether training knew evidence with missing values.

    Raises:
        GsdmcError: naming the array that breaks the family.
    """
    if not givens:
        return
    family = describe(givens)
    targets = {name for given in givens for name in given.targets}
    subset = {name for given in givens for name in given.subset}
    for name in () if missing else sorted(targets):
        seen = int(mask[name].sum())
        if seen == mask[name].numel():
            continue
        absent = mask[name].numel() - seen
        part = "an entry" if absent == 1 else f"{absent} entries"
        lack = f'lacks "{name}"' if seen == 0 else f'lacks {part} of "{name}"'
        raise GsdmcError(
            f"the evidence {lack}, but the network was trained {family}",
            hint=f"give all of {name}, train with missing values (--config missing=0.5), {CURE}",
        )
    for name, observed in mask.items():
        if name not in targets | subset and bool(observed.any()):
            raise GsdmcError(
                f'the evidence holds "{name}", but the network was trained {family}',
                hint=f"leave {name} out, {CURE}",
            )


def describe(givens: Sequence[Given]) -> str:
    """The query families in words, such as `with E given`."""
    if not givens:
        return "for any query"
    targets = list(dict.fromkeys(name for given in givens for name in given.targets))
    subsets = [f"a subset of {' and '.join(g.subset)}" for g in givens if g.subset]
    return f"with {' and '.join(targets + subsets)} given"
