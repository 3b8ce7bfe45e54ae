"""Programs that ask for many variables, many edges, or much that can't be plated."""

from __future__ import annotations

from tests.compiler.hostile.build import VARIABLE, chained, fill, iterated, listed, matrix, vector

GRAPHS = {
    "nodes": "$many",
    "nodes-square": "(foreach $side [] (foreach $side [] $x))",
    "nodes-fixed": '(foreach $wide [i (range $wide)] (sample "x" (normal i 1)))',
    "nodes-observed": '(foreach $size [i (range $size)] (observe "x" (normal 0 1) i))',
    "path": """(let [x $many n (- $size 1)]
        (foreach n [i (range n)] (sample "y" (normal (+ (get x i) (get x (+ i 1))) 1))))""",
    "factor-on-each": '(let [x $many] (foreach $size [e x] (factor "f" (= e e))))',
    "clique": '(let [x $some] (factor "f" (< (sum x) 99999)))',
    "clique-of-all": '(let [x $many] (factor "f" (< (sum x) 99999)))',
    "cliques": """(let [x (foreach $side [] (foreach 70 [] $x))]
        (foreach $side [r x] (factor "f" (< (sum r) 9999))))""",
    "cliques-alike": '(let [x (foreach 70 [] $x)] (foreach $side [] (factor "f" (< (sum x) 9999))))',
    "cliques-named": """(let [x (foreach 60 [] $x)]
        (foreach $side [i (range $side)] (factor (str "f" i) (< (sum x) 9999))))""",
    "bipartite": '(let [x $some] (foreach $double [] (sample "y" (normal (* 0.001 (sum x)) 1))))',
    "bipartite-shuffled": """(let [x $some] (foreach $double [i (range $double)]
        (let [row (foreach $double [j (range $double)] (get x (mod (+ (* i 7) j) $double)))]
          (sample "y" (normal (sum row) 1)))))""",
    "random-index": """(let [x $some]
        (foreach $side [] (sample "y" (normal (get x (sample "k" (uniform-discrete 0 $double))) 1))))""",
    "pairs": """(let [x $some]
        (sample "y" (normal (sum (foreach $double [a x] (sum (foreach $double [b x] (* a b))))) 1)))""",
    "triples": """(let [x (foreach 300 [] $x)] (sample "y" (dirac (sum (foreach 300 [a x]
        (sum (foreach 300 [b x] (sum (foreach 300 [c x] (* a b c))))))))))""",
    "products-of-one": '(let [x $x] (sample "y" (dirac (sum (map sum $matrix)))))',
    "argsort-of-ties": """(let [x (foreach 3000 [] (sample "x" (bernoulli 0.5)))]
        (sample "y" (dirac (untracked (first (argsort x))))))""",
    "argsorts-of-ties": """(let [x (foreach 300 [] (foreach 3000 [] (sample "x" (bernoulli 0.5))))]
        (foreach 300 [r x] (sample "y" (dirac (untracked (first (argsort r)))))))""",
    "sort": '(let [x $many] (sample "y" (dirac (untracked (first (sort x))))))',
}
"""Programs of plates."""

UNROLLED = {
    "draws": '(loop 20000 0 (fn [t a] (sample "x" (normal a 1))))',
    "names": '(loop 20000 0 (fn [t a] (sample (str "x" t) (normal 0 1))))',
    "plates": '(loop 20000 0 (fn [t a] (foreach 3 [] (sample (str "x" t) (normal 0 1)))))',
    "draws-on-all": '(loop 3000 [0] (fn [t a] (conj a (sample "x" (normal (* 0.001 (sum a)) 1)))))',
    "draws-on-those-before": '(loop 700 [] (fn [t a] (conj a (sample "x" (normal (* 0.001 (sum a)) 1)))))',
    "vectors": '(loop 3000 (foreach 100 [] 0) (fn [t a] (foreach 100 [e a] (sample "x" (normal e 1)))))',
    "loops": "(loop 300 0 (fn [t a] (loop 300 a (fn [s b] (- s b))))) $x",
    "loops-of-variables": """(let [x $x]
        (sample "y" (normal (loop 300 x (fn [t a] (loop 300 a (fn [s b] (tanh (- s b)))))) 1)))""",
    "some": "(foreach 20000 [i (range 20000)] (if (< i 10) $x 0))",
    "foreach": '(foreach 20000 [i (range 20000)] (sample (str "x" i) (normal 0 1)))',
    "ragged": """(foreach 5000 [i (range 5000)]
        (foreach (+ i 1) [j (range (+ i 1))] (sample (str "x" i) (normal 0 1))))""",
    "factors": """(let [x (foreach 5000 [] $x)]
        (foreach 5000 [i (range 5000)] (factor (str "x" i) (= (get x i) (get x i)))))""",
    "comment-drawn": '(loop 9000 0 (fn [t a] (sample "x" (normal 0 $junk 1))))',
    "comment-tried": "(loop 19000 0 (fn [t a] (loop 1 a (fn [s b] (get [5 5 5] $junk (mod b 2)))))) $x",
}
"""Programs of what can't be plated."""


def texts(size: int) -> dict[str, str]:
    """Programs by name; `size` is of most iterations over one thing: a million reaches the limits."""
    side = int(size**0.5)
    values = {
        "many": f"(foreach {size} [] {VARIABLE})",
        "some": f"(foreach {2 * side} [] {VARIABLE})",
        "matrix": matrix(4 * side, "(* x i j)"),
        "size": size,
        "side": side,
        "double": 2 * side,
        "wide": 10 * side,
        "junk": ";" + "x " * 45_000 + "\n",
        "x": VARIABLE,
    }
    found = {name: fill(text, **values) for name, text in GRAPHS.items()}
    found |= {f"unrolled-{name}": fill(text, **values) for name, text in UNROLLED.items()}
    return found | chains(side) | names(side)


def chains(side: int) -> dict[str, str]:
    """What refers to what is referred to twice."""
    hundred = f"(foreach 100 [] {VARIABLE})"
    look = "(foreach 100 [i (range 100)] (+ (get $x i) (get $x (mod (* i $k) 100))))"
    total = '(sample "y" (normal (sum $x) 1))'
    inner = f"(foreach {side} [r $x] (foreach 100 [e r] (tanh e)))"
    return {
        "look-ups": chained(hundred, fill(look, k="$i"), 25, total),
        "look-ups-of-each": chained(
            hundred, fill(look, k=7), 25, '(foreach 100 [e $x] (sample "y" (normal e 1)))'
        ),
        "sums": chained(hundred, "(foreach 100 [e $x] (+ (sum $x) (* e (sum $x))))", 25, total),
        "layers": chained(hundred, '(foreach 100 [] (sample "y$i" (normal (sum $x) 1)))', 90, "1"),
        "inlined": chained(
            f"(foreach {side} [] (foreach 100 [] {VARIABLE}))",
            inner,
            90,
            f'(foreach {side} [r $x] (foreach 100 [e r] (sample "z" (normal e 1))))',
        ),
    }


def names(side: int) -> dict[str, str]:
    """Many arrays that bear on one another, long names, many dimensions."""
    variables, drawn = (listed(lambda i: f"a{i} (sample (normal 0 1))", n) for n in (1200, 900))
    all_of, those = (listed(lambda i: f"a{i}", n) for n in (1200, 900))
    children = listed(lambda i: f'(sample "b{i}" (normal (* 0.001 s) 1))', 900)
    looked = listed(lambda k: f"(get x i{k})", 12)
    long_name = "n" * 190
    return {
        "roles": f'(let [{variables}] (factor "f" (< (+ {all_of}) 9999)))',
        "parents": f"(let [{drawn} s (+ {those})] {children})",
        "long-names": matrix(side, f'(sample "{long_name}" (normal (+ i j) 1))'),
        "dimensions-of-one-plate": f"(def n 2) (let [x (foreach n [] {VARIABLE})] "
        + iterated("n", 12, lambda _: f'(sample "y" (normal (+ {looked}) 1))')
        + ")",
        "dimensions-of-three": iterated("3", 12, lambda _: VARIABLE),
        "look-ups-in-data": vector(side, f'(sample "x" (normal (get (range {side}) i) 1))'),
    }
