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
  gsdmc compile circuit.clj -o circuit.gsdm && gsdmc train circuit.gsdm
  gsdmc compile bcmf --emit graph --export bcmf.graphml"""

EMIT = ("syntax", "graph", "layout")
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
    parser.add_argument(
        "--export", metavar="FILE", help="write the graph for other tools: FILE.json, .graphml or .dot"
    )
    parser.add_argument("--emit", choices=EMIT, help="print what a stage makes, in place of the report")
    options.add_preset(parser, "the network whose cost is shown")
    parser.add_argument("--batch", type=options.positive, help="examples per training step")
    options.add_network(parser)
    options.add_compile_options(parser)
    options.add_json(parser, "the report")
    parser.set_defaults(run=run)


def run(args: argparse.Namespace) -> None:
    """Compile, write what was asked for, and report.

    Raises:
        GsdmcError: anything that is wrong with the program or with what was asked for.
    """
    check_outputs(args)
    problem = options.compiled(args)
    write_outputs(args, problem)
    if args.emit:
        options.show_warnings(problem.warnings)
        print(emitted(problem, args.emit))
        return
    from gsdmc.inference.cost import training_cost
    from gsdmc.inference.fit import settings, warnings_for

    config = settings(args.preset, problem, args.batch, **options.network(args))
    found = warnings_for(problem, config)
    options.show_warnings(found)
    cost = training_cost(problem, config)
    if args.json:
        print_json({**report(problem, cost, config.preset), "warnings": options.plain_warnings(found)})
    else:
        print(describe(problem, cost, config.preset))


def check_outputs(args: argparse.Namespace) -> None:
    """Refuse, before any work, what can't be written.

    Raises:
        GsdmcError: a file in no folder, or whose name says another format; text and JSON at once.
    """
    from gsdmc.language.source import GsdmcError

    check_writable(args.output, args.draw_mask, args.draw_graph, args.export)
    for path, suffix, what in (
        (args.output, ".gsdm", "a compiled problem"),
        (args.draw_mask, ".png", "a picture of the mask"),
        (args.draw_graph, ".svg", "a picture of the graph"),
    ):
        if path is not None and not path.endswith(suffix):
            raise GsdmcError(f"{path} is no name for {what}", hint=f"end it in {suffix}")
    if args.export:
        from gsdmc.graph.export import check_suffix

        check_suffix(args.export)
    if args.emit and args.json:
        raise GsdmcError("--emit prints text, so that there is no JSON of it", hint="leave one of them out")


def write_outputs(args: argparse.Namespace, problem: Problem) -> None:
    """Write the files that were asked for, each whole or not at all."""
    if args.output:
        from gsdmc.compiler import write_problem

        with replacing(args.output) as path:
            write_problem(problem, path)
    if args.draw_mask:
        from gsdmc.graph.draw_mask import draw_mask

        with replacing(args.draw_mask) as path:
            draw_mask(problem.graph, path, problem.edges)
    if args.draw_graph:
        from gsdmc.graph.draw_graph import draw_graph

        given = {name for statement in problem.givens for name in statement.targets}
        partly = {name for statement in problem.givens for name in statement.subset}
        with replacing(args.draw_graph) as path:
            draw_graph(problem.graph, path, given, partly)
    if args.export:
        from gsdmc.graph.export import write_graph

        with replacing(args.export) as path:
            write_graph(problem.graph, path)


def emitted(problem: Problem, stage: str) -> str:
    """What a stage made of the program, in a readable form."""
    if stage == "syntax":
        from gsdmc.language.printer import to_text

        return to_text(problem.syntax).rstrip("\n")
    if stage == "graph":
        from gsdmc.graph.describe import describe_graph

        return describe_graph(problem.graph)
    from gsdmc.layout.describe import describe_layout

    return describe_layout(problem.layout)


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
            "loops": cost.loops,
            "heads": cost.heads,
            "parameters": cost.parameters,
            "batch": cost.batch,
            "flops_per_step": cost.flops,
        },
    }


def describe(problem: Problem, cost: Cost, preset: str) -> str:
    """The report as text."""
    from gsdmc.inference.evidence.queries import describe as query

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
    looped = f" looped {count(cost.loops, 'time')}" if cost.loops > 1 else ""
    return [
        *([f"options  {' '.join(chosen)}"] if chosen else []),
        f"mask     {count(m.nodes, 'node')}, {count(m.entries, 'entry')} ({m.density:.3g} of a dense mask), "
        f"degree at most {m.max_degree}, {m.mean_degree:.3g} on average, "
        f"diameter {bound}{m.diameter}, {count(m.components, 'component')}",
        f"network  {preset}: {count(cost.layers, 'layer')}{looped} of width {cost.width}, "
        f"{count(cost.heads, 'head')}, {count(cost.parameters, 'parameter')}",
        f"training {scaled(cost.flops)}FLOP per step of {count(cost.batch, 'example')}",
    ]


def scaled(number: float) -> str:
    """Three digits and a unit's prefix: `41.2 G`."""
    for unit, prefix in UNITS:
        if number >= unit:
            return f"{number / unit:.3g} {prefix}"
    return f"{number:.3g} "
