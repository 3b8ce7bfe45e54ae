# %% [markdown]
# # Writing a program
#
# A program says how data come about, one `sample` per variable. This tutorial writes one, looks at what
# gsdmc makes of it, and shows two mistakes. Nothing is trained. [The language](../language.md) has all the
# rest.

# %%
import io
from pathlib import Path

import gsdmc
from gsdmc.compiler import Problem
from gsdmc.graph.draw_graph import draw_graph

OUT = Path("runs/tutorials")
OUT.mkdir(parents=True, exist_ok=True)


def compile_text(text: str) -> Problem:
    """Compile a program that stands here rather than in a file."""
    return gsdmc.compile(io.StringIO(text))


# %% [markdown]
# ## Students and questions
#
# A student answers a question correctly with a chance that depends on the student's ability and the
# question's difficulty. `(foreach n [i (range n)] ...)` is a vector with one element per student.

# %%
EXAM = """
(def students 5)
(def questions 4)

(let [ability (foreach students [i (range students)]
                (sample "ability" (normal 0 1)))
      difficulty (foreach questions [j (range questions)]
                   (sample "difficulty" (normal 0 1)))]
  (foreach students [i (range students)]
    (foreach questions [j (range questions)]
      (sample "right" (bernoulli (sigmoid (- (get ability i) (get difficulty j))))))))

(given (subset "right"))
"""
exam = compile_text(EXAM)
for array in exam.graph.arrays:
    dims = ", ".join(f"{p}={n}" for p, n in zip(array.plates, array.shape, strict=True))
    print(f"{array.name:10s} {dims:10s} {array.kind!s:8s} {array.distribution}")

# %% [markdown]
# Nobody declared shapes or dimensions: `right` has the plates `i` and `j` because its `sample` runs inside
# these two iterations. `(given (subset "right"))` says that queries will know some of the answers, as in an
# exam with gaps.

# %%
draw_graph(exam.graph, OUT / "writing_a_program_graph.svg", partly={"right"})

# %% [markdown]
# ## Plates and what they mean
#
# Students are alike until their answers are known, so the network must treat them alike; the same goes for
# questions. gsdmc finds that out and gives the reason:

# %%
for plate in exam.graph.plates:
    print(f"{plate.name}({plate.size}) is {plate.cls}: {plate.reason}")

# %% [markdown]
# An exchangeable plate can have any size later, with the same weights. Now let the questions get harder, one
# by one: the index enters a value, and that is over.

# %%
harder = compile_text(
    EXAM.replace('(sample "difficulty" (normal 0 1))', '(sample "difficulty" (normal (* 0.5 j) 1))')
)
for plate in harder.graph.plates:
    print(f"{plate.name}({plate.size}) is {plate.cls}: {plate.reason}")

# %% [markdown]
# ## Naming what is computed
#
# `dirac` makes a computed value a variable, which can be observed, sampled and checked: here the number of
# right answers of each student. In this program ability is all that counts.

# %%
SCORED = """
(def students 5)
(def questions 4)

(foreach students [i (range students)]
  (let [ability (sample "ability" (normal 0 1))
        right (foreach questions [j (range questions)]
                (sample "right" (bernoulli (sigmoid ability))))]
    (sample "score" (dirac (sum right)))))
"""
scored = compile_text(SCORED)
draws = scored.simulate(1, seed=3)
for name, values in draws.items():
    print(name, values[0].double().numpy().round(2).tolist())

# %% [markdown]
# A program is read in four ways: it ran just now, and its graph was traced before. The other two judge
# values. `score` is their log density; `verify` recomputes what is computed.

# %%
print("log density", scored.score(draws).item())
draws["score"][0, 2] += 1
print("residuals", scored.verify(draws).dirac["score"][0].tolist())
print("restored ", scored.restore(draws)["score"][0].tolist())

# %% [markdown]
# ## Two mistakes
#
# An error gives the place, what is wrong, and the cure.

# %%
mistakes = {
    "a slip of the pen": '(let [p (sample "p" (beta 2 2))] (sampel "x" (bernoulli p)))',
    "a random size": '(let [n (sample "n" (poisson 3))] (foreach n [] (sample "x" (normal 0 1))))',
}
for name, text in mistakes.items():
    try:
        compile_text(text)
    except gsdmc.GsdmcError as error:
        print(f"{name}:\n{error}\n")

# %% [markdown]
# In a shell, `gsdmc new NAME` writes a commented program to start from, and `gsdmc compile NAME.clj
# --draw-graph graph.svg` shows what this page does. Next: [from graph to network](graph_to_network.md).
