from __future__ import annotations

import re
from xml.etree import ElementTree

from gsdmc.inference.page.charts import COLOURS, Band, Line, curves, style, written


def test_a_chart_is_one_svg_with_its_words() -> None:
    html = curves(
        [Line([(0, 1), (10, 100)], "a"), Line([(0, 2), (10, 3)], "b", 1)],
        'what it <shows> & "says"',
        "step",
        "loss <b>",
        bands=[Band([(0, 1, 2), (10, 3, 4)])],
        log=True,
    )
    root = ElementTree.fromstring(html)
    assert root.get("role") == "img"
    assert root.get("aria-label") == 'what it <shows> & "says"'
    assert "loss <b>" in "".join(root.itertext())
    lines = [e for e in root.iter("polyline") if e.get("class") == "curve"]
    assert [e.get("style") for e in lines] == ["stroke:var(--c0)", "stroke:var(--c1)"]
    assert len(list(root.iter("polygon"))) == 1


def test_points_lie_within_the_axes_and_rise_with_their_numbers() -> None:
    html = curves([Line([(0, 0.0), (5, 7.0), (10, 9.0)])], "w", "x", "y")
    (places,) = re.findall(r'<polyline class="curve"[^>]* points="([^"]*)"', html)
    xs, ys = zip(*(map(float, p.split(",")) for p in places.split()), strict=True)
    assert list(xs) == sorted(xs)
    assert list(ys) == sorted(ys, reverse=True)
    assert min(ys) >= 0
    assert max(xs) <= 400


def test_more_lines_than_colours_are_dashed() -> None:
    assert len({style(n) for n in range(3 * COLOURS)}) == 3 * COLOURS
    assert style(-1) == 'class="axis"'


def test_text_keeps_its_own_colour() -> None:
    assert 'style="fill:#fff"' in written("x", 0, 0, ink="#fff")
    assert "style" not in written("x", 0, 0)
