"""Programs that ask for exponentially much: what is twice as large with every line, or runs in what runs."""

from __future__ import annotations

from tests.compiler.hostile.build import VARIABLE, chained, fill, iterated, nested

DOUBLE = {
    "vectors": ("1", "[$x $x]"),
    "vectors-of-variables": (VARIABLE, "[$x $x]"),
    "vectors-of-keywords": (":a", "[$x $x]"),
    "maps": ("1", "{:a $x :b $x}"),
    "concatenations": ("[1 2]", "(concat $x $x)"),
    "concatenations-of-variables": (f"[{VARIABLE}]", "(concat $x $x)"),
    "iterations": (VARIABLE, "(foreach 2 [] $x)"),
    "iterations-over": (f"[{VARIABLE} {VARIABLE}]", "[$x $x]"),
    "texts": ('"aaaaaaaaaaaaaaaa"', "(str $x $x)"),
    "products": ("3", "(* $x $x)"),
    "products-of-decimals": ("1.5", "(* $x $x)"),
    "products-of-variables": (VARIABLE, "(* $x $x)"),
    "functions": ("(fn [y] (+ y 1))", "(fn [y] ($x ($x y)))"),
    "functions-of-nothing": ("(fn [] 1)", "(fn [] (+ ($x) ($x)))"),
}
"""What grows: the first value, and the next one."""

USES = {
    "result": "$x",
    "get": '(sample "y" (normal (first (get $x 1)) 1))',
    "iterate": "(foreach 2 [v $x] 1)",
    "equal": '(sample "y" (dirac (= $x $x)))',
    "distinct": '(sample "y" (dirac (distinct? $x)))',
    "choose": '(if (> (sample "z" (normal 0 1)) 0) $x $x)',
    "forget": "(untracked $x)",
    "call": "((fn [x] x) $x)",
    "again": "(foreach 2 [] $x)",
    "random": '(get $x (sample "k" (uniform-discrete 0 2)))',
    "sum": '(sample "y" (normal (sum $x) 1))',
    "map": "(map (fn [v] v) $x)",
    "reduce": "(reduce (fn [a v] v) $x)",
    "sort": "(sort $x)",
    "last": "(last $x)",
    "draw": '(sample "y" (dirac $x))',
    "factor": '(factor "f" (all? (map (fn [v] true) $x)))',
    "name": '(sample (str "y" $x) (normal 0 1))',
    "key": "{$x 1}",
}
"""How it is used."""

LOOPS = {
    "conj": ("[]", "(conj a a)"),
    "nest": ("[]", "[a]"),
    "nest-twice": ("[]", "[a a]"),
    "nest-variable": (VARIABLE, "[a]"),
    "map": ("{}", "(put a t t)"),
    "map-nest": ("{}", "{:a a :b a}"),
    "functions": ("(fn [x] x)", "(fn [x] (a x))"),
    "text": ('"a"', "(str a a)"),
    "text-slowly": ('"a"', '(str a "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")'),
    "put": ("(range 20000)", "(put a t 1.5)"),
    "put-variable": (f"(foreach 2000 [] {VARIABLE})", "(put a (mod t 2000) (+ t (get a 0)))"),
    "rest": ("(range 20000)", "(rest a)"),
    "rest-of-variables": (f"(foreach 2000 [] {VARIABLE})", "(rest a)"),
    "sort": (f"(foreach 2000 [] {VARIABLE})", "(sort a)"),
    "sum": ("[1]", "(conj a (sum a))"),
    "numbers": ("0", "(- t a)"),
    "numbers-of-variable": (VARIABLE, "(tanh (- t a))"),
    "look-ups": ("0", "(get (range 3000) (mod (+ a 7) 3000))"),
    "facts": ("0", "(+ (get [5 6 7] (mod t 3)) (- a))"),
}
"""What a loop starts from, and makes of it."""

NAMED = "(sample (str $names) (normal 0 1))"


def texts() -> dict[str, str]:
    """Programs by name."""
    found: dict[str, str] = {}
    for name, (first, following) in DOUBLE.items():
        for use, body in USES.items():
            found[f"double-{name}-{use}"] = chained(first, following, 60, body + VARIABLE.replace("x", "w"))
    for name, (first, following) in LOOPS.items():
        loop = f"(loop 20000 {first} (fn [t a] {following}))"
        found[f"loop-{name}"] = loop + VARIABLE.replace("x", "w")
        found[f"loop-{name}-twice"] = f"(loop 300 0 (fn [s b] {loop}))" + VARIABLE.replace("x", "w")
        found[f"loop-{name}-short"] = loop.replace("20000", "400") + VARIABLE.replace("x", "w")
    return found | nests()


def nests() -> dict[str, str]:
    """What runs in what runs."""
    defns = {
        "call-twice": "(+ (f$ x) (f$ x))",
        "vector-twice": "[(f$ x) (f$ x)]",
        "argument-twice": "(f$ (+ x x))",
        "arms": "(if (> x 0) (f$ (+ x 1)) (f$ (- x 1)))",
        "arms-that-draw": '(if (> x 0) (f$ (sample (str "a" $) (normal 0 1))) (f$ (- x 1)))',
    }
    found = {}
    for name, body in defns.items():
        functions = " ".join(f"(defn f{i + 1} [x] {body.replace('$', str(i))})" for i in range(50))
        found[f"functions-{name}"] = f"(defn f0 [x] x) {functions} (f50 {VARIABLE})"
    both, deep = nested("[", "]", 90, "x"), nested("[", "]", 150, "x x")
    sorts, arms = nested("(sort ", ")", 150, "x"), nested("(if (> x 0) 1 ", ")", 190, "2")
    return found | {
        "iterations-10": iterated("10", 22, lambda _: VARIABLE),
        "iterations-1": iterated("1", 60, lambda _: VARIABLE),
        "iterations-1-sum": iterated("1", 24, lambda names: f"(sample (normal (+ {' '.join(names)}) 1))"),
        "iterations-2-sum": iterated("2", 19, lambda names: f"(sample (normal (+ {' '.join(names)}) 1))"),
        "iterations-2-names": iterated("2", 22, lambda all_of: fill(NAMED, names=" ".join(all_of))),
        "iterations-20000": nested("(foreach 20000 [] (foreach 20000 [] ", "))", 11, "(fn [] 1)") + VARIABLE,
        "iterations-of-functions": nested("(foreach 100 [i (range 100)] (fn [] ", "))", 60, "i") + VARIABLE,
        "loops-20000": nested("(loop 20000 0 (fn [t a] ", "))", 20, "(- t a)") + VARIABLE,
        "sorts": f'(let [x (foreach 100 [] {VARIABLE})] (sample "y" (dirac (first {sorts}))))',
        "arms": f"(let [x {VARIABLE}] {arms})",
        "vector-of-vectors": f'(let [x {VARIABLE}] (sample "y" (dirac (distinct? {deep}))))',
        "arms-of-vectors": f"(let [x {VARIABLE}] (if (> x 0) {both} {both}))",
        "shadows": "(let [a 1] " + nested("(let [a (+ a 1)] ", ")", 180, "a") + ")" + VARIABLE,
    }
