"""Distributions with parameters at the ends of their ranges, of many dimensions, or of no meaning."""

from __future__ import annotations

from tests.compiler.hostile.build import VARIABLE, fill, matrix

ENDS = ("0", "1e-300", "1e-30", "1e-9", "1", "1e3", "1e5", "1e9", "1e20", "1e30", "1e300", "-1")
TWO = ("normal", "uniform", "gamma", "beta", "lognormal", "laplace", "uniform-discrete")
ONE = ("exponential", "bernoulli", "poisson", "dirac", "student-t")

VECTORS = {
    "categorical": '(sample "y" (categorical (foreach $size [] (/ 1.0 $size))))',
    "categorical-random": """(let [s (foreach $size [] (sample "s" (gamma 2 1))) t (sum s)]
        (sample "y" (categorical (map (fn [e] (/ e t)) s))))""",
    "categoricals": '(foreach 900 [] (sample "y" (categorical (foreach 4096 [] 0.000244140625))))',
    "dirichlet": '(sample "y" (dirichlet (foreach $size [] 0.5)))',
    "dirichlet-tiny": '(sample "y" (dirichlet [1e-30 1e-30]))',
    "dirichlet-huge": '(sample "y" (dirichlet [1e30 1e30]))',
    "dirichlet-random": '(let [z $x] (sample "y" (dirichlet (foreach $size [] (exp z)))))',
    "mixture": """(sample "y" (mixture (foreach $size [] (/ 1.0 $size))
        (foreach $size [i (range $size)] (normal i 1))))""",
    "mixture-of-dirichlets": """(sample "y" (mixture [0.5 0.5]
        [(dirichlet (foreach 4000 [] 1)) (dirichlet (foreach 4000 [] 2))]))""",
    "dirac": '(sample "y" (dirac (foreach $size [i (range $size)] (* 1.0 i))))',
    "gaussian": '(sample "y" (multivariate-normal (foreach 1000 [] 0) $near))',
    "gaussian-4000": '(sample "y" (multivariate-normal (foreach 4000 [] 0) $four))',
    "gaussian-constant": """(sample "y"
        (multivariate-normal (foreach 4000 [] 0) (foreach 4000 [] (foreach 4000 [] 1))))""",
    "gaussian-random": """(let [s (sample "s" (gamma 2 1))]
        (sample "y" (multivariate-normal (foreach 1000 [] 0) $scaled)))""",
    "gaussian-plate": """(let [s (sample "s" (gamma 2 1))]
        (foreach 900 [] (sample "y" (multivariate-normal (foreach 100 [] 0) $small))))""",
    "gaussian-each": """(foreach 900 [] (let [s (sample "s" (gamma 2 1))]
        (sample "y" (multivariate-normal (foreach 100 [] 0) $small))))""",
    "sudoku": '(let [g (extern sudoku-grid 12)] (sample "y" (dirac (get-in g [0 0 0 0]))))',
    "sudoku-frozen": '(def ^{:seed 0} g (extern sudoku-grid 12)) (sample "y" (dirac (get-in g [0 0 0 0])))',
    "sudoku-of-30": '(let [g (extern sudoku-grid 30)] (sample "y" (dirac (get-in g [0 0 0 0]))))',
    "gates": '(let [g (extern random-gates $million)] (sample "y" (dirac (get g 0))))',
}
"""What is drawn as a whole."""

ARGUMENTS = (
    *('"a"', ":a", "nil", "{:a 1}", "[]", "[[1] [2]]", "(fn [] 1)", "normal", "(normal 0 1)", "true"),
    *("(range 3)", "[nil 1]", "[(normal 0 1) 1]"),
)
"""What is no parameter of most."""

OF_ONE = ("categorical", "dirichlet", "dirac", "poisson", "bernoulli")
OF_TWO = ("normal", "mixture", "multivariate-normal")

DRAWN = (
    *("(normal 0 z)", "(gamma z z)", "(poisson z)", "(poisson (exp (* 1000 z)))", "(uniform z 0)"),
    *("(dirichlet [z z])", "(categorical [z z])", "(categorical [(/ 0 (- z z)) z])", "(dirac (/ 0 (- z z)))"),
    *("(multivariate-normal [0 0] [[z 1] [1 z]])", "(uniform-discrete (round z) 1)"),
    *(
        "(dirac (round (* 1e300 z)))",
        "(dirac (quot 1 (round z)))",
        "(mixture [z z] [(normal 0 1) (normal z 1)])",
    ),
    "(dirac (get [1 2 3] (mod (floor (log (- (abs z)))) 3)))",
)
"""Laws that have no meaning for some of what is drawn."""

SLOW = (
    "(gamma 0.5 1)",
    "(beta 900 9e8)",
    "(beta 1e20 1e30)",
    "(poisson 900)",
    "(poisson 1e9)",
    "(student-t 1e-3 0 1e-20)",
)
"""Laws whose draws take long."""


def texts(size: int) -> dict[str, str]:
    """Programs by name; `size` is of what has many dimensions."""
    each = f'(foreach {int(size**0.5)} [] (foreach {int(size**0.5)} [] (sample "y" $law)))'
    found = {f"slow-{i}": fill(each, law=law) for i, law in enumerate(SLOW)}
    found |= {
        f"drawn-{i}": f'(let [z {VARIABLE} y (sample "y" {law})] (factor "f" (= y y)))'
        for i, law in enumerate(DRAWN)
    }
    near = "(exp (- (abs (- i j))))"
    values = {
        "near": matrix(1000, near),
        "four": matrix(4000, near),
        "scaled": matrix(1000, f"(* s {near})"),
        "small": matrix(100, f"(* s {near})"),
        "size": size,
        "million": 8 * size,
        "x": VARIABLE,
    }
    return found | parameters() | wrong() | {name: fill(text, **values) for name, text in VECTORS.items()}


def parameters() -> dict[str, str]:
    """Every parameter at the ends of its range."""
    found = {}
    for name in TWO:
        for a in ENDS:
            for b in ENDS:
                found[f"{name}-{a}-{b}"] = f'(foreach 300 [] (sample "x" ({name} {a} {b})))'
    for name in ONE:
        rest = " 0 1" if name == "student-t" else ""
        for a in ENDS:
            drawn = f'(foreach 300 [] (sample "y" ({name} (+ {a} (* 0 z)){rest})))'
            found[f"{name}-{a}"] = f'(foreach 300 [] (sample "x" ({name} {a}{rest})))'
            found[f"{name}-{a}-random"] = f"(let [z {VARIABLE}] {drawn})"
    return found


def wrong() -> dict[str, str]:
    """What is no parameter."""
    found = {}
    for name in (*OF_ONE, *OF_TWO):
        for place, argument in enumerate(ARGUMENTS):
            both = f"{argument} {argument}" if name in OF_TWO else argument
            found[f"{name}-of-{place}"] = f'(sample "y" ({name} {both}))'
            found[f"{name}-of-passed-{place}"] = f'(sample "y" ((fn [d] (d {both})) {name}))'
    return found
