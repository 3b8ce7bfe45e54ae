"""A reader of DOT, as far as the language's grammar and our use of it go."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

TOKEN = re.compile(
    r'\s+|(?P<string>"(?:[^"\\]|\\.)*")|(?P<id>[A-Za-z_][A-Za-z_0-9]*|-?[0-9.]+)|(?P<sign>->|[{}\[\]=])'
)
ESCAPE = re.compile(r"\\(.)")


@dataclass
class Cluster:
    """What a subgraph holds."""

    attributes: dict[str, str] = field(default_factory=dict)
    nodes: dict[str, dict[str, str]] = field(default_factory=dict)
    edges: list[tuple[str, str, dict[str, str]]] = field(default_factory=list)
    clusters: dict[str, Cluster] = field(default_factory=dict)


def tokens(text: str) -> list[str]:
    found, place = [], 0
    while place < len(text):
        match = TOKEN.match(text, place)
        assert match, f"no token at {text[place : place + 30]!r}"
        if match.lastgroup:
            found.append(match.group())
        place = match.end()
    return found


def value(token: str) -> str:
    """What a token stands for: a string's escapes and entities replaced as Graphviz does for labels."""
    if not token.startswith('"'):
        return token
    assert not re.search(r"&(?!amp;)", token)
    plain = ESCAPE.sub(lambda m: {"n": "\n"}.get(m[1], m[1] if m[1] in '"\\' else m[0]), token[1:-1])
    return plain.replace("&amp;", "&")


def read_dot(text: str) -> Cluster:
    """The graph that a text describes; an AssertionError where it is not DOT."""
    rest = tokens(text)
    assert rest[:2] == ["digraph", "{"]
    del rest[:2]
    root = read_cluster(rest)
    assert rest == []
    return root


def read_cluster(rest: list[str]) -> Cluster:
    out = Cluster()
    while rest[0] != "}":
        first = rest.pop(0)
        assert first[0] == '"' or first[0].isalpha()
        if first == "subgraph":
            name = rest.pop(0)
            assert name.startswith("cluster")
            assert name not in out.clusters
            assert rest.pop(0) == "{"
            out.clusters[name] = read_cluster(rest)
        elif rest[0] == "=":
            out.attributes[first] = value(rest[1])
            del rest[:2]
        elif rest[0] == "->":
            end = rest[1]
            del rest[:2]
            out.edges.append((first, end, read_attributes(rest)))
        else:
            attributes = read_attributes(rest)
            if first not in ("graph", "node", "edge"):
                assert first not in out.nodes
                out.nodes[first] = attributes
    rest.pop(0)
    return out


def read_attributes(rest: list[str]) -> dict[str, str]:
    if not rest or rest[0] != "[":
        return {}
    rest.pop(0)
    found = {}
    while rest[0] != "]":
        name, sign, text = rest[:3]
        assert sign == "="
        found[name] = value(text)
        del rest[:3]
    rest.pop(0)
    return found
