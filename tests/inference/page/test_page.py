from __future__ import annotations

import re
from pathlib import Path

import pytest

import gsdmc
from gsdmc.compiler import compile_text
from gsdmc.inference.model import Model
from gsdmc.inference.page.gather import gather
from gsdmc.inference.page.page import page
from gsdmc.training.config import TrainingConfig
from tests.pages import Page

HOSTILE = "</style></svg><script>alert(1)</script><img src=x onerror=alert(2)>"

PROGRAM = f"""; {HOSTILE}
(def n 3)
(foreach n [i (range n)]
  (let [x (sample "{HOSTILE}" (normal 0 1))]
    (sample "a & b" (dirac (* 2 x)))))
(given "a & b")
"""


class Careful(Page):
    """A page none of whose tags acts by itself."""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert not any(name.startswith("on") for name, _ in attrs)
        super().handle_starttag(tag, attrs)


def parsed(html: str) -> Page:
    found = Careful()
    found.feed(html)
    found.close()
    assert not found.open
    return found


@pytest.fixture(scope="module")
def any_page(any_query: Model, tmp_path_factory: pytest.TempPathFactory) -> str:
    folder = tmp_path_factory.mktemp("run")
    return page(gather(any_query, folder, problems=2, samples=4, calibrate=8, draws=3, steps=1))


def test_every_part_is_there_with_a_heading_and_a_link_to_it(any_page: str) -> None:
    titles = re.findall(r'<h2 id="([a-z]+)">', any_page)
    assert titles == [
        "program",
        "variables",
        "graph",
        "mask",
        "training",
        "scores",
        "samples",
        "calibration",
        "settings",
        "hardware",
    ]
    assert re.findall(r'href="#([a-z]+)"', any_page) == titles
    assert any_page.count("<h1>") == 1
    found = parsed(any_page)
    for name in ("real", "positive", "interval", "boolean", "category", "count", "vector", "simplex", "sum"):
        assert name in found.text
    assert "muon" in found.text
    assert "processor" in found.text


def test_the_page_needs_nothing_else(any_page: str) -> None:
    assert len(any_page) < 2_000_000
    addresses = re.findall(r'(?:src|href|action|data|poster)="([^"]*)"', any_page)
    assert addresses
    assert all(a.startswith(("#", "data:image/")) for a in addresses)
    assert "@import" not in any_page
    assert "url(" not in any_page
    assert "default-src 'none'" in any_page
    assert {"script", "link", "iframe", "object", "embed", "base"}.isdisjoint(parsed(any_page).tags)
    assert '<meta name="viewport" content="width=device-width, initial-scale=1">' in any_page
    assert "prefers-color-scheme: dark" in any_page


def test_every_picture_has_words(any_page: str) -> None:
    assert re.findall(r"<img [^>]*>", any_page)
    assert all(re.search(r'alt="[^"]+"', tag) for tag in re.findall(r"<img [^>]*>", any_page))
    assert re.search(r'class="graph" tabindex="0" style="--wide:\d{3,4}px"', any_page)
    drawn = re.findall(r"<svg [^>]*>", any_page)
    assert len(drawn) > 10
    assert all(re.search(r'role="img" aria-label="[^"]+"', tag) for tag in drawn)


def test_parts_that_were_not_wanted_are_left_out(bcmf: Model, tmp_path: Path) -> None:
    html = page(gather(bcmf, tmp_path, problems=0, samples=0))
    assert 'id="samples"' not in html
    assert 'id="scores"' not in html
    assert "None was computed." in html


def test_hostile_names_stay_text(tiny: TrainingConfig, tmp_path: Path) -> None:
    problem = compile_text(PROGRAM, "<img src=y>.clj")
    folder = tmp_path / "<img src=z onerror=alert(3)>"
    gsdmc.train(problem, steps=3, preset=tiny, out=folder, device="cpu")
    model = gsdmc.load(folder)
    html = page(gather(model, folder, problems=2, samples=3, calibrate=8, draws=3, steps=1))
    found = parsed(html)
    assert found.tags.count("style") == 1
    assert found.tags.count("img") == 1
    assert "script" not in found.tags
    assert HOSTILE in " ".join(found.text.split())
    assert str(folder) in found.text


def test_equal_seeds_give_equal_pages(bcmf: Model, tmp_path: Path) -> None:
    def written(seed: int) -> str:
        html = page(gather(bcmf, tmp_path, problems=2, samples=2, steps=1, seed=seed, calibrate=4, draws=1))
        return re.sub(r"<footer>.*", "", html)

    assert written(3) == written(3)
    assert written(3) != written(4)
