"""Programs that ask for large tables, and for numbers and sizes at the ends of their ranges."""

from __future__ import annotations

from tests.compiler.hostile.build import VARIABLE, chained, fill, listed, matrix, vector

ENDS = (
    "4611686018427387903",
    "-9223372036854775808",
    "9223372036854775807",
    "1e300",
    "-1e300",
    "1e-300",
    "0",
)
"""Numbers at the ends of their ranges."""

SIZES = {
    "range": "(let [v (range $n)] $x)",
    "between": "(let [v (range -9223372036854775808 $n)] $x)",
    "foreach": "(foreach $n [] $x)",
    "loop": "(loop $n 0 (fn [t a] a)) $x",
    "index": '(sample "x" (normal (get [1 2] $n) 1))',
    "default": '(sample "x" (normal (get [1 2] $n 3) 1))',
    "put": '(sample "x" (normal (first (put [1 2] $n 3)) 1))',
    "gates": "(def ^{:seed 0} g (extern random-gates $n)) $x",
    "drawn-gates": '(let [g (extern random-gates $n)] (sample "y" (dirac (get g 0))))',
    "sudoku": '(let [g (extern sudoku-grid $n)] (sample "y" (dirac (get-in g [0 0 0 0]))))',
    "observed": '(observe "y" (normal 0 1) $n)',
    "metadata": "(def ^{:in [0 $n]} m 3) (foreach m [] $x)",
    "seed": "(def ^{:seed $n} g (extern random-gates 7)) $x",
}
"""Where a size or an index stands."""

RANGES = {
    "functions": "(let [v (map (fn [e] (fn [] e)) $r)] $x)",
    "names": '(map (fn [e] (sample (str "a" e) (normal 0 1))) $r)',
    "vectors": "(let [v (map (fn [e] [e e]) $r)] $x)",
    "conj": "(let [v (conj $r 1)] $x)",
    "concat": "(let [v (concat $r $r)] $x)",
    "rest": "(let [v (rest $r)] $x)",
    "put": "(let [v (put $r 1 1)] $x)",
    "equal": "(let [v (= $r $r)] $x)",
    "path": "(let [x $x] (get-in x $r))",
    "arms": "(let [x $x] (if (> x 0) $r $r))",
    "reduced": "(let [v (reduce - $r)] $x)",
    "sorted": '(let [x $x] (factor "f" (or (< x 9) (> 1 (first (sort $r))))))',
    "argsorted": '(let [x $x] (factor "f" (or (< x 9) (> 1 (first (argsort (map (fn [e] 1) $r)))))))',
    "looked-up": '(sample "y" (normal (get $r (sample "k" (uniform-discrete 0 9))) 1))',
    "distinct": '(let [x $x] (factor "f" (or (< x 9) (distinct? $r))))',
}
"""What is done with a long range."""


def texts(size: int) -> dict[str, str]:
    """Programs by name; `size` is of most iterations over one thing: a million reaches the limits."""
    side = int(size**0.5)
    ranges = {f"range-{n}": fill(t, r=f"(range {size})", x=VARIABLE) for n, t in RANGES.items()}
    return numbers() | ranges | tables(size, 3 * side)


def numbers() -> dict[str, str]:
    """Arithmetic at the ends of ranges, and sizes of any number."""
    found: dict[str, str] = {}
    for place, number in enumerate(ENDS):
        calls = {f"{f}-{b}": f"({f} {number} {b})" for f in TWO.split() for b in ("-1", "0", "0.5", number)}
        calls |= {f: f"({f} {number})" for f in ONE.split()}
        for name, call in calls.items():
            drawn = call.replace(number, f"(+ (* 0 z) {number})")
            found[f"number-{place}-{name}"] = f'(sample "x" (dirac {call}))'
            found[f"random-{place}-{name}"] = f'(let [z {VARIABLE}] (sample "y" (dirac {drawn})))'
        for name, text in SIZES.items():
            found[f"size-{place}-{name}"] = fill(text, n=number, x=VARIABLE)
    return found | {
        "tower": '(sample "x" (normal (pow 9 (pow 9 (pow 9 (pow 9 9)))) 1))',
        "tower-of-decimals": '(sample "x" (normal (pow 9.5 (pow 9.5 (pow 9.5 9.5))) 1))',
        "factorial": '(sample "x" (normal (prod (range 1 100)) 1))',
    }


TWO = "+ - * / pow mod rem quot min"
ONE = "exp log sqrt floor round abs - tan expm1 even? square softplus sign"


def tables(size: int, side: int) -> dict[str, str]:
    """Numbers known at compile time."""
    table, use = matrix(side, "(+ i j)"), '(sample "x" (normal (get-in v [1 2]) 1))'
    let = "(let [v $v] $use)"
    draws = listed(lambda i: f'(sample "x{i}" (dirac (get v {i})))', min(side, 1000))
    kept = listed(lambda k: f"a{k} {table}", 40)
    factors = '(factor "f" (distinct? v)) ' * 2000
    return {
        "table": fill(let, v=table, use=use),
        "table-kept": f"(let [{kept} v a3] {use})",
        "table-cube": fill(let, v=vector(270, matrix(270, "(+ i j)")), use=VARIABLE),
        "table-of-powers": fill(let, v=matrix(side, "(pow (+ i 1) 1.5)"), use=use),
        "table-of-large": fill(let, v=matrix(side, "(* (+ i 3000000000) j)"), use=use),
        "table-that-fails": fill(let, v=matrix(side, f"(/ i (- j {side - 1}))"), use=use),
        "table-read": fill(let, v=table, use="(get-in v [1 2]) " * 4000 + use),
        "table-summed": fill(let, v=table, use="(map sum v) " * 4000 + use),
        "table-in-factors": fill(let, v=table, use=factors + VARIABLE),
        "table-sampled": fill(let, v=matrix(side, "(* 1.0 i j)"), use=draws),
        "range-mapped": chained(f"(range {size})", "(map (fn [e] (+ e 1)) $x)", 60, VARIABLE),
        "product-of-equals": f'(let [x {VARIABLE}] (sample "y" (normal (reduce * (foreach {size} [] x)) 1)))',
        "sum-of-large": f'(sample "y" (normal (sum (foreach {size} [] 4611686018427387903)) 1))',
    }
