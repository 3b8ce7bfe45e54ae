from __future__ import annotations

from gsdmc.inference.page.tags import chip, facts, figure, note, section, table
from tests.pages import read

HOSTILE = """</style></script><img src=x onerror=alert(1)>"'&\u202e\x00"""


def test_texts_are_escaped_wherever_they_stand() -> None:
    parts = [
        section("a", HOSTILE, note(HOSTILE)),
        table((HOSTILE, "b"), [(HOSTILE, HOSTILE)], right=(1,), caption=HOSTILE),
        facts([(HOSTILE, HOSTILE)]),
        figure("<b></b>", HOSTILE),
        chip("#000000", HOSTILE, HOSTILE),
    ]
    for part in parts:
        page = read(part)
        assert "img" not in page.tags
        assert "script" not in page.tags
        assert "onerror=alert(1)" in page.text
        assert "\u202e" not in part
        assert "\x00" not in part


def test_a_table_has_headers_of_rows_and_columns() -> None:
    html = table(("name", "size"), [("x", 3)], right=(1,), caption="sizes")
    assert '<th scope="row">x</th><td class="number">3</td>' in html
    assert '<th scope="col" class="number">size</th>' in html
    assert "<caption>sizes</caption>" in html
    assert facts([]) == ""
