"""The distributions: their names, parameters and meaning."""

from __future__ import annotations

from gsdmc.language.signatures import Signature

DISTRIBUTIONS: dict[str, Signature] = {
    name: Signature.of(name, params, doc)
    for name, params, doc in [
        ("normal", "mean std", "a real, Gaussian with a standard deviation"),
        ("uniform", "low high", "a real, equally likely between two bounds"),
        ("exponential", "rate", "a positive real of mean 1 / rate"),
        ("laplace", "loc scale", "a real with two exponential tails"),
        ("lognormal", "mu sigma", "a positive real whose logarithm is normal"),
        ("bernoulli", "p", "a boolean, true with probability p"),
        ("categorical", "probabilities", "an index into a vector of probabilities"),
        ("uniform-discrete", "low high", "an integer from low up to high, high excluded"),
        ("dirac", "value", "exactly this value: an intermediate variable"),
    ]
}
"""Every distribution by name, without aliases."""

ALIASES = {"flip": "bernoulli"}
"""Other names of distributions."""


def canonical(name: str) -> str:
    """The distribution's own name, for an alias of it."""
    return ALIASES.get(name, name)


def signature(name: str) -> Signature | None:
    """The signature of a distribution, shown under the name or alias that was asked for."""
    own = DISTRIBUTIONS.get(canonical(name))
    if own is None or own.name == name:
        return own
    return Signature(name, own.params, own.least, own.most, own.doc)
