"""`gsdmc compile`: what a program is, before anything is trained."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from gsdmc.cli import options
from gsdmc.cli.output import check_writable, count, print_json, replacing, shorten, table

if TYPE_CHECKING:
    from gsdmc.compiler import Problem
    from gsdmc.inference.cost import Cost

EXAMPLE = """example:
  gsdmc compile bcmf --set k=7 --draw-mask mask.png --draw-graph graph.svg
  gsdmc compile circuit.clj -o circuit.gsdm && gsdmc train circuit.gsdm"""

UNITS = ((1e15, "P"), (1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def add(commands: Any) -> None:
    """Add the command's parser."""
    parser = options.new_parser(
        commands,
        "compile",
        "show a program's variables, plates, mask and cost, and draw them",
        EXAMPLE,
    )
    options.add_program(parser)
    parser.add_argument("-o", "--output", metavar="FILE.gsdm", help="write the compiled problem")
    parser.add_argument("--draw-mask", metavar="FILE.png", help="draw the attention mask, coloured by role")
    parser.add_argument("--draw-graph", metavar="FILE.svg", help="draw the graph with its plates")
    options.add_preset(parser, "the network whose cost is shown")
    parser.add_argument("--batch", type=options.positive, help="examples per training step")
    options.add_compile_options(parser)
    options.add_json(parser, "the report")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compile, write what was asked for, and report."""
    from gsdmc.compiler import write_problem
    from gsdmc.inference.cost import training_cost
    from gsdmc.inference.fit import settings, warnings_for

    check_writable(args.output, args.draw_mask, args.draw_graph)
    problem = options.compiled(args)
    config = settings(args.preset, problem.name, args.batch)
    if args.output:
        check_gsdm(args.output)
        with replacing(args.output) as path:
            write_problem(problem, path)
    if args.draw_mask:
        from gsdmc.graph.draw_mask import draw_mask

        with replacing(args.draw_mask) as path:
            draw_mask(problem.graph, path, problem.edges)
    if args.draw_graph:
        from gsdmc.graph.draw_graph import draw_graph

        with replacing(args.draw_graph) as path:
            draw_graph(problem.graph, path, {name for given in problem.givens for name in given.targets})
    cost = training_cost(problem, config)
    found = warnings_for(problem, config)
    options.show_warnings(found)
    if args.json:
        print_json({**report(problem, cost, config.preset), "warnings": options.plain_warnings(found)})
    else:
        print(describe(problem, cost, config.preset))


def check_gsdm(path: str) -> None:
    """Refuse a name by which the problem could not be read back.

    Raises:
        GsdmcError: another suffix than `.gsdm`.
    """
    from gsdmc.language.source import GsdmcError

    if not path.endswith(".gsdm"):
        raise GsdmcError(f"{path} is no name for a compiled problem.", hint="end it in .gsdm")


def report(problem: Problem, cost: Cost, preset: str) -> dict[str, Any]:
    """The report as plain data."""
    m = problem.metrics
    return {
        "program": problem.name,
        "source": problem.syntax.source.name,
        "sizes": problem.sizes,
        "options": problem.options.to_json(),
        "given": [{"targets": list(g.targets), "subset": list(g.subset)} for g in problem.givens],
        "nodes": m.nodes,
        "entries": m.entries,
        "edges": m.edges,
        "density": m.density,
        "max_degree": m.max_degree,
        "mean_degree": m.mean_degree,
        "diameter": m.diameter,
        "diameter_exact": m.diameter_exact,
        "components": m.components,
        "arrays": [
            {
                "name": a.name,
                "distribution": a.distribution,
                "kind": str(a.kind),
                "shape": list(a.shape),
                "dims": list(a.plates),
                "count": a.size,
                "deterministic": a.deterministic,
                "generated": a.generated,
                "observed": a.observed,
            }
            for a in problem.graph.arrays
        ],
        "plates": [
            {"name": p.name, "size": p.size, "class": p.cls, "reason": p.reason, "size_name": p.size_name}
            for p in problem.graph.plates
        ],
        "unrolled": [{"iteration": str(axis), "reason": why} for axis, why in problem.tape.unrolled],
        "network": {
            "preset": preset,
            "width": cost.width,
            "layers": cost.layers,
            "heads": cost.heads,
            "parameters": cost.parameters,
            "batch": cost.batch,
            "flops_per_step": cost.flops,
        },
    }


def describe(problem: Problem, cost: Cost, preset: str) -> str:
    """The report as text."""
    from gsdmc.inference.queries import describe as query

    sizes = ", ".join(f"{k}={v}" for k, v in problem.sizes.items())
    rows = []
    for a in problem.graph.arrays:
        dims = ", ".join(f"{p}={n}" for p, n in zip(a.plates, a.shape, strict=True)) or "single"
        marks = [m for m, on in (("generated", a.generated), ("observed", a.observed)) if on]
        kind = ", ".join([str(a.kind), *marks])
        rows.append((shorten(f"{a.name} ~ {a.distribution}"), dims, kind, f"{a.size:,}"))
    parts = [
        f"{problem.name}{f' ({sizes})' if sizes else ''}, trained {query(problem.givens)}",
        table(("Variable ~ Distribution", "Dimensions", "Kind", "Count"), rows, right=(3,)),
    ]
    if problem.graph.plates:
        plates = [(p.name, f"{p.size:,}", p.cls, p.size_name or "", p.reason) for p in problem.graph.plates]
        parts.append(table(("Plate", "Size", "Class", "Set by", "Because"), plates, right=(1,)))
    if problem.tape.unrolled:
        parts.append("\n".join(f"unrolled {axis}: {why}" for axis, why in problem.tape.unrolled))
    return "\n\n".join([*parts, "\n".join(figures(problem, cost, preset))])


def figures(problem: Problem, cost: Cost, preset: str) -> list[str]:
    """The lines on mask and network."""
    m = problem.metrics
    bound = "" if m.diameter_exact else "≤ "
    chosen = problem.options.words()
    return [
        *([f"options  {' '.join(chosen)}"] if chosen else []),
        f"mask     {count(m.nodes, 'node')}, {count(m.entries, 'entry')} ({m.density:.3g} of a dense mask), "
        f"degree at most {m.max_degree}, {m.mean_degree:.3g} on average, "
        f"diameter {bound}{m.diameter}, {count(m.components, 'component')}",
        f"network  {preset}: {count(cost.layers, 'layer')} of width {cost.width}, "
        f"{count(cost.heads, 'head')}, {count(cost.parameters, 'parameter')}",
        f"training {scaled(cost.flops)}FLOP per step of {count(cost.batch, 'example')}",
    ]


def scaled(number: float) -> str:
    """Three digits and a unit's prefix: `41.2 G`."""
    for unit, prefix in UNITS:
        if number >= unit:
            return f"{number / unit:.3g} {prefix}"
    return f"{number:.3g} "
