"""The builtin functions: their names, parameters and meaning."""

from __future__ import annotations

from gsdmc.language.signatures import Signature

_ARITHMETIC = """
+           | ...                  | the sum of its arguments; 0 without any
-           | x ...                | the first less the others; alone, its negative
*           | ...                  | the product of its arguments; 1 without any
/           | x ...                | the first over the others; alone, its reciprocal
min         | x ...                | the least of its arguments
max         | x ...                | the greatest of its arguments
abs         | x                    | the absolute value
exp         | x                    | e to the power x
log         | x                    | the natural logarithm
sqrt        | x                    | the square root
pow         | x y                  | x to the power y
floor       | x                    | the greatest integer that is not above x
ceil        | x                    | the least integer that is not below x
round       | x                    | the nearest integer
mod         | n d                  | the remainder of n / d, with the sign of d
rem         | n d                  | the remainder of n / d, with the sign of n
quot        | n d                  | n / d, rounded towards zero
inc         | x                    | x + 1
dec         | x                    | x - 1
sign        | x                    | -1, 0 or 1, as x is negative, 0 or positive
square      | x                    | x times x
log1p       | x                    | the natural logarithm of 1 + x
expm1       | x                    | e to the power x, less 1
sin         | x                    | the sine of x radians
cos         | x                    | the cosine of x radians
tan         | x                    | the tangent of x radians
atan        | x                    | the angle in radians whose tangent is x
tanh        | x                    | the hyperbolic tangent
sigmoid     | x                    | 1 / (1 + exp(-x))
softplus    | x                    | log(1 + exp(x))
relu        | x                    | x where it is positive, else 0
sum         | xs                   | the sum of a vector
prod        | xs                   | the product of a vector
mean        | xs                   | the mean of a vector
count       | xs                   | the number of elements
"""

_LOGIC = """
=           | x y ...              | whether all its arguments are equal
not=        | x y ...              | whether not all its arguments are equal
<           | x y ...              | whether its arguments increase
<=          | x y ...              | whether its arguments never decrease
>           | x y ...              | whether its arguments decrease
>=          | x y ...              | whether its arguments never increase
and         | ...                  | whether all its arguments hold
or          | ...                  | whether any of its arguments holds
not         | x                    | whether x doesn't hold
zero?       | x                    | whether x is 0
pos?        | x                    | whether x is above 0
neg?        | x                    | whether x is below 0
even?       | n                    | whether n is a multiple of 2
odd?        | n                    | whether n is whole and no multiple of 2
any?        | xs                   | whether any element of a vector holds
all?        | xs                   | whether all elements of a vector hold
distinct?   | xs                   | whether all elements of a (nested) vector differ
one-hot?    | xs                   | whether exactly one element of a vector is 1 and the others are 0
"""

_COLLECTIONS = """
range       | [start] end          | the integers from start (or 0) up to end, end excluded
vector      | ...                  | a vector of its arguments
hash-map    | ...                  | a map of its arguments, keys and values in turn
first       | xs                   | the first element
second      | xs                   | the second element
rest        | xs                   | all elements but the first
last        | xs                   | the last element
nth         | xs i                 | the element at index i, counted from 0
get         | xs k [default]       | the element at an index of a vector, or at a key of a map
get-in      | xs ks [default]      | the element at a path of indices or keys
conj        | xs x ...             | the vector with elements added at its end
append      | xs x                 | the vector with an element added at its end
concat      | xs ...               | its arguments' elements in one vector
put         | xs k x               | the vector or map with another element at an index or key
sort        | xs                   | the elements in increasing order
argsort     | xs                   | the indices that sort the elements
map         | f xs ...             | f of each element
reduce      | f [init] xs          | folds (f accumulator x) over the elements
str         | x ...                | its arguments as one string
"""


def _table(text: str) -> dict[str, Signature]:
    rows = ([cell.strip() for cell in line.split(" | ")] for line in text.strip().splitlines())
    return {name: Signature.of(name, params, doc) for name, params, doc in rows}


_OF_VECTORS = frozenset({"count", "sum", "prod", "mean", "any?", "all?", "distinct?", "one-hot?"})

NUMERIC = frozenset({*_table(_ARITHMETIC), *_table(_LOGIC)}) - _OF_VECTORS - {"=", "not="}
"""Builtins whose every argument is a number or a boolean."""

BUILTINS: dict[str, Signature] = _table(_ARITHMETIC + _LOGIC.lstrip() + _COLLECTIONS.lstrip())
"""Every builtin by name."""
