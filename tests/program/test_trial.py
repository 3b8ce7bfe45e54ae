"""Programs that go wrong for some of what they draw are refused when they are compiled."""

from __future__ import annotations

import numpy as np
import pytest

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.language.source import GsdmcError
from gsdmc.program import externs

X = '(let [x (sample "x" (normal 0 1))] {})'
REFUSED = [
    ('(sample "y" (dirac (log x)))', '"y" is not a finite number, in '),
    ('(sample "y" (normal 0 x))', "the parameter std of `normal` must be positive, but is -"),
    ('(sample "y" (bernoulli x))', "the parameter p of `bernoulli` must lie between 0 and 1, but is "),
    ('(sample "y" (poisson (log (abs x))))', "the parameter rate of `poisson` must not be negative"),
    ('(sample "y" (normal (/ x 0.0) 1))', "mean of `normal` is not a finite number, in 100% of"),
    ('(sample "y" (uniform x 0))', "the low end of `uniform` does not lie below the high end"),
    ('(sample "y" (categorical [(abs x) (abs x)]))', "the probabilities of `categorical` must sum to 1"),
    ('(sample "y" (mixture [(sigmoid x) 0.5] [(normal 0 1) (normal 1 1)]))', "the weights of `mixture` must"),
    ('(sample "y" (mixture [0.5 0.5] [(normal 0 1) (normal 1 x)]))', "the parameter std of `normal` must be"),
    ('(sample "y" (dirichlet [1 x]))', "the parameter concentration of `dirichlet` must be positive"),
    ('(sample "y" (exponential (* 0 (abs x))))', "must be positive, but is 0, in 100% of"),
    ('(sample "y" (multivariate-normal [0 0] [[x 0] [0 1]]))', "this has no value for some of what"),
]


@pytest.mark.parametrize(("form", "message"), REFUSED)
def test_refused(form: str, message: str) -> None:
    with pytest.raises(GsdmcError) as caught:
        compile_text(X.format(form), "t.clj")
    assert message in caught.value.message
    assert caught.value.span is not None
    assert caught.value.span.text in form
    assert caught.value.hint is not None


def test_what_is_right_for_every_draw_passes() -> None:
    forms = [
        '(sample "a" (normal 0 (exp x)))', '(sample "b" (bernoulli (sigmoid x)))',
        '(sample "c" (dirac (log (abs x))))', '(sample "d" (uniform x (+ x 1)))',
        '(sample "e" (categorical [(sigmoid x) (- 1 (sigmoid x))]))',
    ]  # fmt: skip
    assert len(compile_text(X.format(" ".join(forms)), "t.clj").graph.arrays) == 6


def test_the_error_says_which_call_it_was() -> None:
    text = '(defn noisy [s] (sample "y" (normal 0 s)))\n(let [x (sample "x" (normal 0 1))] (noisy x))'
    with pytest.raises(GsdmcError) as caught:
        compile_text(text, "t.clj")
    assert [span.text for span in caught.value.calls] == ["(noisy x)"]


@pytest.mark.parametrize("error", [RuntimeError("oops"), KeyError("k"), ValueError("bad")])
def test_what_an_extern_raises_is_said_with_its_name(
    error: Exception, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(externs, "_REGISTRY", dict(externs._REGISTRY))

    def fails(rng: np.random.Generator, batch: int) -> np.ndarray:
        raise error

    gsdmc.register("fails", fails, kind=lambda: gsdmc.kinds.REAL, shape=lambda: (2,), exchangeable=(True,))
    with pytest.raises(GsdmcError, match=f"`fails` failed: .*{error.args[0]}") as caught:
        compile_text('(let [e (extern fails)] (sample "y" (dirac (get e 0))))', "t.clj")
    assert caught.value.__cause__ is error


def test_an_extern_declares_a_kind(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(externs, "_REGISTRY", dict(externs._REGISTRY))
    kind = gsdmc.kinds.vector(3)
    gsdmc.register(
        "wrong", lambda rng, batch: np.zeros(batch), kind=lambda: kind, shape=lambda: (), exchangeable=()
    )
    with pytest.raises(GsdmcError, match="declares the kind vector of 3"):
        compile_text('(sample "y" (dirac (extern wrong)))', "t.clj")
