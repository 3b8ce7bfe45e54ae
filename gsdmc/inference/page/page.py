"""The page as a whole: one file of HTML with everything in it."""

from __future__ import annotations

import re
from importlib.resources import files

from gsdmc.graph.draw_graph import graph_svg
from gsdmc.graph.notebook import MOST_ARRAYS
from gsdmc.graph.text import counted
from gsdmc.inference.evaluation_tables import tables
from gsdmc.inference.page.calibration import calibration_html
from gsdmc.inference.page.gather import Contents
from gsdmc.inference.page.listing import listing
from gsdmc.inference.page.mask import mask_html
from gsdmc.inference.page.samples import samples_html
from gsdmc.inference.page.tags import embedded, facts, note, section, table, text
from gsdmc.inference.page.training import hardware_html, settings_html, training_html
from gsdmc.training.hardware import release

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
"""What the page may load: nothing but what it holds, whatever a program's names say."""

MOST_LISTED = 200
"""Arrays that are listed."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="{policy}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
{style}</style>
</head>
<body>
<header>
<h1>{heading}</h1>
{summary}
<nav aria-label="contents"><ul>{contents}</ul></nav>
</header>
<main>
{sections}
</main>
<footer><p>{foot}</p></footer>
</body>
</html>
"""


def page(c: Contents) -> str:
    """The page of a run."""
    problem = c.model.problem
    parts = [
        ("program", "Program", listing(problem)),
        ("variables", "Variables and plates", _variables(c)),
        ("graph", "Graph", _graph(c)),
        ("mask", "Attention mask", mask_html(problem)),
        ("training", "Training", training_html(c)),
        ("scores", "Scores on fresh problems", _scores(c)),
        ("samples", "Samples", samples_html(c.example) if c.example else ""),
        ("calibration", "Calibration", _calibration(c)),
        ("settings", "Settings", settings_html(c)),
        ("hardware", "Hardware", hardware_html(c)),
    ]
    parts = [part for part in parts if part[2]]
    sizes = ", ".join(f"{name}={size}" for name, size in problem.sizes.items())
    name = f"{problem.name} ({sizes})" if sizes else problem.name
    return PAGE.format(
        policy=POLICY,
        title=text(f"{name} · gsdmc report"),
        style=files("gsdmc.inference.page").joinpath("page.css").read_text(encoding="utf-8"),
        heading=f"{text(problem.name)} <small>gsdmc report</small>",
        summary=_summary(c, sizes),
        contents="".join(f'<li><a href="#{key}">{text(title)}</a></li>' for key, title, _ in parts),
        sections="\n".join(section(*part) for part in parts),
        foot=text(f"Written by gsdmc {release()} on {c.written:%Y-%m-%d %H:%M} UTC."),
    )


def _summary(c: Contents, sizes: str) -> str:
    problem, run = c.model.problem, c.model.trained.run
    graph = problem.graph
    pairs = [
        ("run", str(c.folder)),
        *([("sizes", sizes)] if sizes else []),
        ("variables", f"{graph.nodes:,} in {counted(len(graph.arrays), 'array')}"),
        ("network", f"{c.model.parameters:,} weights, {counted(run['steps'], 'step')} of training"),
    ]
    if c.evaluation:
        pairs += [
            (s.name, f"{100 * s.raw:.4g} %" if s.share else f"{s.raw:.4g}") for s in c.evaluation.scores[:3]
        ]
    return facts(pairs)


def _variables(c: Contents) -> str:
    graph = c.model.problem.graph
    rows = []
    for a in graph.arrays[:MOST_LISTED]:
        dims = ", ".join(f"{p}={n}" for p, n in zip(a.plates, a.shape, strict=True)) or "single"
        marks = [word for word, on in (("generated", a.generated), ("observed", a.observed)) if on]
        rows.append((a.name, a.distribution, dims, ", ".join([str(a.kind), *marks]), f"{a.size:,}"))
    more = len(graph.arrays) - len(rows)
    found = table(("Array", "Distribution", "Plates", "Kind", "Size"), rows, right=(4,))
    found += note(f"and {counted(more, 'array')} more") if more else ""
    plates = [(p.name, f"{p.size:,}", p.cls, p.size_name or "", p.reason) for p in graph.plates[:MOST_LISTED]]
    if plates:
        found += "<h3>Plates</h3>"
        found += table(("Plate", "Size", "Class", "Set by", "Because"), plates, right=(1,))
    return found


def _graph(c: Contents) -> str:
    problem = c.model.problem
    graph = problem.graph
    if not graph.arrays:
        return note("no variables")
    if len(graph.arrays) > MOST_ARRAYS:
        many = counted(len(graph.arrays), "array")
        return note(f"{many} are too many to draw here; gsdmc compile --draw-graph does")
    given = {name for statement in problem.givens for name in statement.targets}
    partly = {name for statement in problem.givens for name in statement.subset}
    drawn = graph_svg(graph, given, partly)
    wide = re.search(r'width="(\d+)"', drawn)
    style = f' style="--wide:{wide[1]}px"' if wide else ""
    source = embedded("image/svg+xml", drawn.encode())
    words = f"factor graph of {counted(len(graph.arrays), 'array')} and {counted(len(graph.plates), 'plate')}"
    return (
        '<input type="checkbox" id="graph-large" class="switch">'
        '<label for="graph-large">full size</label>'
        f'<figure class="graph" tabindex="0"{style}><img src="{source}" alt="{text(words)}"></figure>'
    )


def _scores(c: Contents) -> str:
    e = c.evaluation
    if e is None:
        return ""
    head = facts(
        [
            ("problems", f"{e.problems:,} fresh draws of the program, one sample each, seed {e.seed}"),
            ("query", e.query),
            ("network calls", f"{e.steps:,} per sample"),
        ]
    )
    found = [table(t.header, t.rows, right=range(1, len(t.header))) for t in tables(e)]
    return head + ("".join(found) or note("the program has no dirac variables, factors or scores to check"))


def _calibration(c: Contents) -> str:
    if c.calibration is not None:
        return calibration_html(c.calibration)
    return note(
        "None was computed. gsdmc report RUN --calibrate 500 does, or before it "
        "gsdmc calibrate RUN --out RUN/calibration."
    )
