"""A distribution's arguments, as the tape takes them: checked, with their own axes apart."""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass

import numpy as np

from gsdmc.language.distributions import signature
from gsdmc.language.signatures import plural
from gsdmc.language.source import GsdmcError, Span
from gsdmc.program.axes import Axis, Fact, Origin
from gsdmc.program.distributions import DISTRIBUTIONS, MAX_OPTIONS
from gsdmc.program.expectations import need_scalar, scalar_type
from gsdmc.program.indexing import index_facts, index_of
from gsdmc.program.parameters import check_covariance, check_pair, check_parameter, check_probabilities
from gsdmc.program.rewriting import as_instruction, substitute
from gsdmc.program.stacking import stacked
from gsdmc.program.tape import Alias, Instruction, Type
from gsdmc.program.values import Accumulator, Dist, NeedsUnroll, Scalar, Static, Tup, Value, Vec, describe
from gsdmc.program.wholeness import WHOLE

EXAMPLES = {
    "categorical": "`(categorical [0.2 0.3 0.5])`",
    "dirichlet": "`(dirichlet [1 1 1])`",
    "multivariate-normal": "`(multivariate-normal [0 0] [[1 0.5] [0.5 1]])`",
    "mixture": "`(mixture [0.3 0.7] [(normal 0 1) (normal 5 1)])`",
}
"""A call of each distribution that takes vectors, as one writes it."""


@dataclass(frozen=True, eq=False)
class Argument:
    """One argument on the tape; `trailing` are the axes of its own elements, outermost first."""

    slot: str
    instruction: Instruction
    type: Type
    trailing: tuple[Axis, ...] = ()


def arguments_of(dist: Dist) -> list[Argument]:
    """The arguments of a distribution that is no mixture.

    Raises:
        GsdmcError: an argument that can't be one.
    """
    if dist.name == "dirac" and isinstance(dist.args[0], Vec | Tup):
        return [_elements_of_dirac(dist, dist.args[0])]
    known = signature(dist.name)
    assert known is not None
    given: dict[str, Scalar] = {}
    slots = zip(known.params, dist.args, strict=True)
    found = [_argument(dist, slot, arg, dist.span.part(i), given) for i, (slot, arg) in enumerate(slots)]
    check_pair(dist.name, given, dist.span)
    if dist.name == "multivariate-normal":
        _check_square(dist, found, given)
    return found


def mixture_arguments(dist: Dist) -> tuple[str, list[Argument]]:
    """The distribution that a mixture mixes, and the weights followed by its arguments.

    Raises:
        GsdmcError: components that are not distributions of one name, or not as many as the weights.
    """
    weights = _vector(dist, "weights", dist.args[0], dist.span.part(0))
    components = _components(dist, dist.args[1])
    component = components.body
    assert isinstance(component, Dist)
    if weights.axis.size != components.axis.size:
        raise GsdmcError(
            f"a mixture has a weight for every component, but this one has "
            f"{plural(weights.axis.size, 'weight')} and {plural(components.axis.size, 'component')}",
            dist.span,
            hint=f"write {EXAMPLES['mixture']}",
        )
    # Written one by one, the ones or the others: then the plate of what is not is looked into one by one.
    axis = weights.axis if components.axis.separate else components.axis
    place = dist.span.part(0)
    weight = need_scalar(_over(weights, axis, dist), "each weight of a `mixture`", place)
    check_parameter("mixture", "weights", weight, place)
    check_probabilities("mixture", weight, axis, place)
    mixed = _over(components, axis, dist)
    assert isinstance(mixed, Dist)
    first = Argument("weights", as_instruction(weight, dist.span), scalar_type(weight), (axis,))
    return component.name, [
        first,
        *(dataclasses.replace(a, trailing=(axis, *a.trailing)) for a in arguments_of(mixed)),
    ]


def _components(dist: Dist, value: Value) -> Vec:
    """A mixture's components under one axis: the body is a distribution."""
    if isinstance(value, Accumulator):
        raise NeedsUnroll(frozenset([value.axis]), "the accumulator is a parameter", dist.span)
    hint = f"write {EXAMPLES['mixture']}"
    if not isinstance(value, Vec | Tup):
        raise GsdmcError(
            f"the components of a `mixture` are a vector of distributions, but this is {describe(value)}",
            dist.span.part(1),
            hint=hint,
        )
    items = [value.body] if isinstance(value, Vec) else value.items
    for item in items:
        if not isinstance(item, Dist) or item.name in ("dirac", "mixture"):
            raise GsdmcError(
                f"a component of a `mixture` is a distribution with a density, but this is {describe(item)}",
                dist.span.part(1),
                hint=hint,
            )
    names = list(dict.fromkeys(item.name for item in items if isinstance(item, Dist)))
    if len(names) != 1:
        what = " and ".join(f"`{n}`" for n in names) or "there are none"
        raise GsdmcError(
            f"the components of a `mixture` are distributions of one name, but these are {what}"
            if names
            else "a `mixture` needs at least one component",
            dist.span.part(1),
            hint="sample each, then choose: `(if test (sample ...) (sample ...))`" if names else hint,
        )
    return stacked(value, dist.span)


def _over(vector: Vec, axis: Axis, dist: Dist) -> Value:
    """A vector's body over another axis of its size, as looking up each of its replicas would have it."""
    if vector.axis is axis:
        return vector.body
    index = index_of(axis)
    return substitute(vector.body, vector.axis, index, index_facts(vector.axis, index, dist.span), dist.span)


def _argument(dist: Dist, slot: str, arg: Value, place: Span, given: dict[str, Scalar]) -> Argument:
    count = DISTRIBUTIONS[dist.name].trailing.get(slot, 0)
    axes: list[Axis] = []
    for _ in range(count):
        vector = _vector(dist, slot, arg, place, row=bool(axes))
        axes.append(vector.axis)
        arg = vector.body
    what = f"each of the {slot} of `{dist.name}`" if axes else f"the parameter {slot} of `{dist.name}`"
    wanted = "a number or boolean" if dist.name == "dirac" else "a number"
    scalar = need_scalar(arg, what, place, ONE_EACH, wanted)
    check_parameter(dist.name, slot, scalar, place)
    if slot == "probabilities":
        check_options(axes[0], place)
        check_probabilities(dist.name, scalar, axes[0], place)
    given[slot] = scalar
    kept = scalar if dist.name in WHOLE else as_real(scalar)
    reason = f"its index is a value of `{dist.name}`" if slot == "probabilities" else CHANNEL
    instruction = _singled_out(kept, tuple(axes), reason, dist) if axes else as_instruction(kept, dist.span)
    return Argument(slot, instruction, scalar_type(scalar), tuple(axes))


CHANNEL = "its index is a channel of one vector"
ONE_EACH = "draw one variable for each element, in a `foreach`, or take one element, `(get xs i)`"


def _elements_of_dirac(dist: Dist, value: Vec | Tup) -> Argument:
    """The elements of a vector that becomes one variable."""
    place = dist.span.part(0)
    vector = _vector(dist, "value", value, place)
    if isinstance(vector.body, Vec | Tup):
        raise GsdmcError(
            "a `dirac` takes a number, a boolean or a vector of numbers, but this is a vector of vectors",
            place,
            hint="sample inside `foreach`, one variable for each of its elements",
        )
    scalar = need_scalar(vector.body, "each element of a `dirac` vector", place)
    if scalar_type(scalar).base == "bool":
        raise GsdmcError(
            "a vector that is one variable holds numbers, but these are booleans",
            place,
            hint="sample inside `foreach`, one variable for each of them",
        )
    instruction = _singled_out(as_real(scalar), (vector.axis,), CHANNEL, dist)
    return Argument("value", instruction, Type("real"), (vector.axis,))


def check_options(options: Axis, place: Span) -> None:
    """Refuse a category of too many options.

    Raises:
        GsdmcError: more than `MAX_OPTIONS`.
    """
    if options.size > MAX_OPTIONS:
        raise GsdmcError(
            f"a category has at most {MAX_OPTIONS} options, but these are {options.size} probabilities",
            place,
            hint="draw two categories, one for a group of options and one within it",
        )


def as_real(scalar: Scalar) -> Scalar:
    """A compile-time number as a real, so that drawing needs no conversion."""
    if not isinstance(scalar, Static) or not np.issubdtype(scalar.values.dtype, np.integer):
        return scalar
    return dataclasses.replace(scalar, values=scalar.values.astype(np.float64))


def _vector(dist: Dist, slot: str, arg: Value, place: Span, row: bool = False) -> Vec:
    """A vector argument, or a row of one, with its elements under one axis; `place` is where it stands.

    Raises:
        GsdmcError: it is no vector, or empty.
    """
    if isinstance(arg, Accumulator):
        raise NeedsUnroll(frozenset([arg.axis]), "the accumulator is a parameter", dist.span)
    if not isinstance(arg, Vec | Tup):
        matrix = " of vectors" if slot == "covariance" and not row else ""
        are = "are" if slot in ("probabilities", "weights") else "is"
        what = f"each row of the {slot} of `{dist.name}` is" if row else f"the {slot} of `{dist.name}` {are}"
        raise GsdmcError(
            f"{what} a vector{matrix}, but this is {describe(arg)}",
            place,
            hint=f"write {EXAMPLES[dist.name]}" + _equally_likely(slot, arg),
        )
    if (arg.axis.size if isinstance(arg, Vec) else len(arg.items)) == 0:
        what = "option" if dist.name == "categorical" else "element"
        raise GsdmcError(
            f"`{dist.name}` needs at least one {what}, but this vector is empty",
            place,
            hint="make the vector's size at least 1",
        )
    return stacked(arg, dist.span)


def _equally_likely(slot: str, arg: Value) -> str:
    """What else to write where a number of options stands for their probabilities."""
    if slot != "probabilities" or not isinstance(arg, Static) or arg.axes or arg.values.dtype.kind != "i":
        return ""
    return f"; for equally likely ones, `(uniform-discrete 0 {arg.values.item()})`"


def _singled_out(scalar: Scalar, axes: tuple[Axis, ...], reason: str, dist: Dist) -> Instruction:
    """A vector's elements on the tape: their index gets a meaning, which singles out every replica."""
    facts = tuple(Fact("fixed", (axis,), reason, dist.span) for axis in axes)
    if isinstance(scalar, Static):
        others: tuple[Origin, ...] = tuple(o for o in scalar.origins if o[0] not in axes)
        scalar = Static(scalar.values, scalar.axes, None, others, (*scalar.facts, *facts))
        return as_instruction(scalar, dist.span)
    return Alias(inputs=(scalar,), axes=scalar.axes, type=scalar.type, span=dist.span, facts=facts)


def _check_square(dist: Dist, found: list[Argument], given: dict[str, Scalar]) -> None:
    (mean,), covariance = found[0].trailing, found[1].trailing
    sizes = [a.size for a in covariance]
    if sizes != [mean.size] * 2:
        raise GsdmcError(
            f"the covariance of a mean of {plural(mean.size, 'element')} is {mean.size} × {mean.size}, "
            f"but this one is {sizes[0]} × {sizes[1]}",
            dist.span.part(1),
            hint=f"write {EXAMPLES['multivariate-normal']}",
        )
    check_covariance(given["covariance"], covariance, dist.span.part(1))
