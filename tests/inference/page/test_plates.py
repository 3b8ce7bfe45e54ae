from __future__ import annotations

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.page.plates import iterations, plate_colours


def heads(problem: gsdmc.Problem) -> list[tuple[str, tuple[str, ...]]]:
    return [(problem.source[i.start : i.head], i.plates) for i in iterations(problem)]


def test_every_foreach_of_a_plate_is_found_under_its_plate() -> None:
    found = heads(gsdmc.compile("bcmf"))
    assert found == [
        ("(foreach m [i (range m)]", ("i",)),
        ("(foreach k [t (range k)]", ("t",)),
        ("(foreach k [t (range k)]", ("t",)),
        ("(foreach n [j (range n)]", ("j",)),
        ("(foreach m [i (range m)]", ("i",)),
        ("(foreach n [j (range n)]", ("j",)),
        ("(foreach k [t (range k)]", ("t",)),
    ]


def test_loops_maps_and_functions_for_several_plates() -> None:
    assert ("(loop n", ("t",)) in heads(gsdmc.compile("sbi/hmm"))
    problem = compile_text(
        """(defn row [n] (foreach n [i (range n)] (sample (if (= n 2) "x" "y") (normal 0 1))))
           (let [x (row 2) y (row 3)]
             (map (fn [u] (sample "z" (normal u 1))) x))""",
        "several.clj",
    )
    found = dict(heads(problem))
    assert len(found["(foreach n [i (range n)]"]) == 2
    assert found["(map"] == (problem.graph.by_name["z"].plates[0],)


def test_plates_have_colours_of_their_own() -> None:
    problem = gsdmc.compile("bcmf")
    colours = plate_colours(problem)
    assert list(colours) == ["i", "t", "j"]
    assert len(set(colours.values())) == 3
