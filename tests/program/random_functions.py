"""Random programs, their functions: what a program `defn`s and calls with vectors and matrices."""

from __future__ import annotations

import re

LIBRARY = {
    "transpose": "[a] (foreach (count (first a)) [q (range (count (first a)))]"
    " (foreach (count a) [p (range (count a))] (get-in a [p q])))",
    "copied": "[a] (foreach (count a) [e a] e)",
    "copies": "[a] (map (fn [row] (copied row)) a)",
    "dot": "[a b] (sum (map (fn [x y] (* x y)) a b))",
    "times": "[a x] (map (fn [row] (dot row x)) a)",
    "add-at": "[t acc a] (+ acc (get a t))",
    "total": "[a] (loop (count a) 0.0 add-at a)",
    "grow": "[t acc a] (conj acc (* 2.0 (get a t)))",
    "doubled": "[a] (loop (count a) [] grow a)",
    "centred": "[a] (let [centre (/ (sum a) (+ 1 (count a)))] (foreach (count a) [e a] (- e centre)))",
    "widest": "[a] (reduce max -9.0 (map (fn [x] (abs x)) a))",
    "decay": "[t acc a] (+ (* 0.5 acc) (get a t))",
    "smoothed": "[a] (loop (count a) 0.0 decay a)",
    "shifted": "[a] (foreach (count a) [i (range (count a))] (get a (mod (+ i 1) (count a))))",
    "backwards": "[a] (foreach (count a) [i (range (count a))] (get a (- (- (count a) 1) i)))",
    "running-at": "[t acc a] (conj acc (if (= t 0) (get a 0) (+ (last acc) (get a t))))",
    "running": "[a] (loop (count a) [] running-at a)",
    "before": "[a] (foreach (count a) [i (range (count a))]"
    " (sum (foreach (count a) [j (range (count a))] (if (< j i) (get a j) 0.0))))",
    "steps": "[a] (sum (foreach (- (count a) 1) [i (range (- (count a) 1))] (* (get a i) (get a (+ i 1)))))",
    "tail": "[a] (sum (foreach (- (count a) 1) [i (range 1 (count a))] (get a i)))",
    "chain-at": "[t acc] (append acc (+ (last acc) 1.0))",
    "counted": "[a] (last (loop (count a) [0.0] chain-at))",
    "trace": "[a] (sum (foreach (count a) [i (range (count a))] (get-in a [i i])))",
    "upper": "[a] (sum (foreach (count a) [i (range (count a))]"
    " (sum (foreach (count (get a i)) [j (range (count (get a i)))] (if (<= i j) (get-in a [i j]) 0.0)))))",
    "gram": "[a] (foreach (count a) [p (range (count a))] (map (fn [e] (* e (get a p))) a))",
}
"""Functions by name: parameters and body."""

REALS = {
    "dot": ("v", "v"),
    "total": ("v",),
    "widest": ("v",),
    "smoothed": ("v",),
    "steps": ("v",),
    "tail": ("v",),
    "counted": ("v",),
    "trace": ("s",),
    "upper": ("m",),
}
"""Functions to a real: `v` a vector, `m` a matrix, `s` a square one."""

VECTORS = ("copied", "doubled", "centred", "shifted", "backwards", "running", "before")
"""Functions from a vector of reals to one of its size."""

UNTAME = {
    "smoothed",
    "shifted",
    "backwards",
    "running",
    "before",
    "steps",
    "tail",
    "counted",
    "upper",
    "trace",
}
"""Functions that tell replicas apart, or that make one plate of two."""

LEAST = {"steps": 2, "tail": 2, "trace": 1, "upper": 1, "times": 1, "transpose": 1}
"""The size that a function needs. Iterations of no replicas are made by empty plates alone: there the two
evaluations may see more or less of what is never computed."""


def definitions(text: str) -> str:
    """The functions that a text calls, and those that they call."""
    used: dict[str, str] = {}
    names = set(re.findall(r"[a-z][a-z-]*", text))
    while wanted := (names & LIBRARY.keys()) - used.keys():
        for name in wanted:
            used[name] = LIBRARY[name]
            names |= set(re.findall(r"[a-z][a-z-]*", LIBRARY[name]))
    return "\n".join(f"(defn {name} {used[name]})" for name in LIBRARY if name in used)
