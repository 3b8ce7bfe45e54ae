"""What to write for names that people bring from Clojure, Python or other probabilistic languages."""

from __future__ import annotations

SPECIAL_SHAPES = {
    "let": "(let [name value ...] body ...)",
    "if": "(if test then else)",
    "foreach": "(foreach count [x xs ...] body ...)",
    "loop": "(loop count init f args ...)",
    "fn": "(fn [params ...] body ...)",
    "sample": "(sample name distribution)",
    "observe": "(observe name distribution value)",
    "factor": "(factor name expression)",
    "untracked": "(untracked expression)",
    "extern": "(extern function args ...)",
    "def": "(def name value)",
    "defn": "(defn name [params ...] body ...)",
    "given": '(given "A" ... (subset "B" ...))',
    "subset": '(given (subset "A" ...))',
}
"""The special forms, each as one writes it."""

DISTRIBUTIONS_ELSEWHERE = frozenset(
    {
        "binomial",
        "cauchy",
        "chi2",
        "delta",
        "geometric",
        "gumbel",
        "half-cauchy",
        "half-normal",
        "inverse-gamma",
        "logistic",
        "multinomial",
        "negative-binomial",
        "pareto",
        "triangular",
        "truncated-normal",
        "von-mises",
        "weibull",
        "wishart",
    }
)
"""Names of distributions that other languages have."""

CURES = {
    "cond": "write nested `(if test then else)`",
    "case": "write nested `(if test then else)`",
    "when": "write `(if test then else)`",
    "if-not": "write `(if (not test) then else)`",
    "do": "write `(let [] a b)`; bodies may hold several forms",
    "for": "write `(foreach count [x xs] body)`",
    "doseq": "write `(foreach count [x xs] body)`",
    "dotimes": "write `(foreach count [i (range count)] body)`",
    "repeat": "write `(foreach count [] x)`",
    "repeatedly": "write `(foreach count [] (f))`",
    "mapv": "write `map`",
    "vec": "sequences are vectors already",
    "list": "write `vector`, or `[...]`",
    "assoc": "write `(put xs k x)`",
    "->": "write nested calls, `(g (f x))`",
    "->>": "write nested calls, `(g (f x))`",
    "recur": "recursion is not supported: write `(loop count init f args ...)` or `reduce`",
    "defm": "write `defn`",
    "query": "write the model's forms at the top level",
    "**": "write `pow`",
    "expt": "write `pow`",
    "%": "write `mod`",
    "==": "write `=`",
    "!=": "write `not=`",
    "&&": "write `and`",
    "||": "write `or`",
    "!": "write `not`",
    "ln": "write `log`",
    "len": "write `count`",
    "length": "write `count`",
    "size": "write `count`",
    "gaussian": "write `normal`",
    "lambda": "write `(fn [x] ...)`",
    "true?": "use the boolean itself",
    "None": "write `nil`",
    "True": "write `true`",
    "False": "write `false`",
    "pi": "write 3.141592653589793",
}
"""Names that gsdmc has not, and what does their work."""
