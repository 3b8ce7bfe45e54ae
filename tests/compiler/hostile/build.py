"""What hostile programs are put together from."""

from __future__ import annotations

from collections.abc import Callable

VARIABLE = '(sample "x" (normal 0 1))'


def repeated(part: Callable[[int], str], length: int, gap: str = " ") -> str:
    """As many parts as a length has room for."""
    parts: list[str] = []
    size = 0
    while True:
        text = part(len(parts))
        size += len(text.encode("utf-8", "surrogatepass")) + len(gap)
        if size > length:
            return gap.join(parts)
        parts.append(text)


def listed(part: Callable[[int], str], count: int) -> str:
    """So many parts."""
    return " ".join(part(i) for i in range(count))


def nested(opener: str, closer: str, depth: int, inner: str) -> str:
    """A form in so many others."""
    return opener * depth + inner + closer * depth


def chained(first: str, following: str, count: int, body: str) -> str:
    """A `let` of names a0, a1, ...; in `following`, x stands for the one before, i for the number."""
    names = [f"a0 {first}"]
    names += [f"a{i} {fill(following, i=i, x=f'a{i - 1}')}" for i in range(1, count + 1)]
    return f"(let [{' '.join(names)}] {fill(body, x=f'a{count}')})"


def iterated(count: str, depth: int, inner: Callable[[list[str]], str]) -> str:
    """Iterations in one another; `inner` gets their indices."""
    names = [f"i{k}" for k in range(depth)]
    heads = "".join(f"(foreach {count} [{name} (range {count})] " for name in names)
    return heads + inner(names) + ")" * depth


def vector(count: int, body: str) -> str:
    """An iteration over i."""
    return f"(foreach {count} [i (range {count})] {body})"


def matrix(count: int, body: str) -> str:
    """An iteration over i and j."""
    return f"(foreach {count} [i (range {count})] (foreach {count} [j (range {count})] {body}))"


def fill(text: str, **values: object) -> str:
    """The text with values for `$name`."""
    for name, value in values.items():
        text = text.replace(f"${name}", str(value))
    return text
