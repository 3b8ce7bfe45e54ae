"""The cures for names of other languages are written in this one."""

import re

import pytest

from gsdmc.language.foreign import CURES, DISTRIBUTIONS_ELSEWHERE, SPECIAL_SHAPES
from gsdmc.language.forms import Form, ListForm, MapForm, Symbol, VectorForm
from gsdmc.language.reader import read
from gsdmc.language.scope import Scope
from gsdmc.language.source import Source

OWN = {*Scope.outermost().names, *SPECIAL_SHAPES}
FUNCTIONS_OF_EXAMPLES = {"f", "g"}


def heads(form: Form) -> set[str]:
    """The names that a form calls."""
    match form:
        case ListForm(items=(Symbol(name=head), *rest)):
            return {head}.union(*map(heads, rest))
        case ListForm(items=items) | VectorForm(items=items):
            return set().union(*map(heads, items))
        case MapForm(entries=entries):
            return set().union(*(heads(part) for entry in entries for part in entry))
    return set()


@pytest.mark.parametrize("name", [*CURES, *sorted(DISTRIBUTIONS_ELSEWHERE)])
def test_foreign_names_are_not_known(name: str) -> None:
    assert name not in OWN
    assert not (name in CURES and name in DISTRIBUTIONS_ELSEWHERE)


@pytest.mark.parametrize("name", CURES)
def test_cures_call_what_there_is(name: str) -> None:
    for code in re.findall(r"`([^`]+)`", CURES[name]):
        for form in read(Source("cure", code.replace("...", ""))):
            assert heads(form) <= OWN | FUNCTIONS_OF_EXAMPLES
            if isinstance(form, Symbol):
                assert form.name in OWN | {";"} or code == form.name == "nil"


@pytest.mark.parametrize("name", SPECIAL_SHAPES)
def test_shapes_start_with_their_form(name: str) -> None:
    (form,) = read(Source("shape", SPECIAL_SHAPES[name].replace("...", "")))
    assert name in heads(form)
