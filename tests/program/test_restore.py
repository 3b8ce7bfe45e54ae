from __future__ import annotations

import torch

from gsdmc.compiler import compile_text

TWICE = """
(let [xs (foreach 3 [i (range 3)] (sample "x" (multivariate-normal [0.0 0.0] [[1.0 0.0] [0.0 1.0]])))]
  (foreach 3 [x xs]
    (let [y (sample "y" (dirac [(* 2.0 (get x 0)) (+ (get x 0) (get x 1))]))]
      (sample "z" (dirac (get y 1))))))
"""


def test_evidence_is_kept_a_vector_as_a_whole() -> None:
    problem = compile_text(TWICE, "twice.clj")
    values = problem.simulate(4, seed=0)
    moved = {name: value + 1 if name != "x" else value for name, value in values.items()}
    mask = {name: torch.zeros(4, 3, dtype=torch.bool) for name in values}
    mask["y"][0, 1] = True
    for seen in (mask, {name: part[:1] for name, part in mask.items()}):
        kept = seen["y"].expand(4, 3)
        restored = problem.restore(moved, seen)
        assert torch.equal(restored["y"][kept], moved["y"][kept])
        torch.testing.assert_close(restored["y"][~kept], values["y"][~kept])
        torch.testing.assert_close(restored["z"], restored["y"][..., 1])
