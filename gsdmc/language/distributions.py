"""The distributions: their names, parameters and meaning."""

from __future__ import annotations

from gsdmc.language.signatures import Signature

DISTRIBUTIONS: dict[str, Signature] = {
    name: Signature.of(name, params, doc)
    for name, params, doc in [
        ("normal", "mean std", "a real, Gaussian with a standard deviation"),
        ("uniform", "low high", "a real, equally likely between two bounds"),
        ("exponential", "rate", "a positive real of mean 1 / rate"),
        ("gamma", "shape rate", "a positive real of mean shape / rate"),
        ("beta", "a b", "a real between 0 and 1 of mean a / (a + b)"),
        ("lognormal", "mu sigma", "a positive real whose logarithm is normal"),
        ("laplace", "loc scale", "a real with two exponential tails"),
        ("student-t", "df loc scale", "a real with heavy tails, Student's t with df degrees of freedom"),
        ("bernoulli", "p", "a boolean, true with probability p"),
        ("categorical", "probabilities", "an index into a vector of probabilities"),
        ("uniform-discrete", "low high", "an integer from low up to high, high excluded"),
        ("poisson", "rate", "a count of mean rate"),
        ("dirichlet", "concentration", "a vector of probabilities, one variable"),
        ("multivariate-normal", "mean covariance", "a Gaussian vector, one variable"),
        ("mixture", "weights components", "a draw from one of a vector of distributions of one name"),
        ("dirac", "value", "exactly this value: an intermediate variable"),
    ]
}
"""Every distribution by name, without aliases."""

ALIASES = {"flip": "bernoulli", "discrete": "categorical", "uniform-continuous": "uniform"}
"""Other names of distributions, as the first-order probabilistic language has them."""


def canonical(name: str) -> str:
    """The distribution's own name, for an alias of it."""
    return ALIASES.get(name, name)


def signature(name: str) -> Signature | None:
    """The signature of a distribution, shown under the name or alias that was asked for."""
    own = DISTRIBUTIONS.get(canonical(name))
    if own is None or own.name == name:
        return own
    return Signature(name, own.params, own.least, own.most, own.doc)
