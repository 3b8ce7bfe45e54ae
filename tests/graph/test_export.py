from __future__ import annotations

from pathlib import Path

import pytest

from gsdmc.graph.export import SUFFIXES, read_graph, to_dot, to_graphml, write_graph
from gsdmc.language.source import GsdmcError
from tests.graph.same import check_same
from tests.graph.samples import bcmf, sorting


@pytest.mark.parametrize("suffix", [".json", ".graphml"])
def test_files_read_back(suffix: str, tmp_path: Path) -> None:
    write_graph(sorting(4), tmp_path / f"graph{suffix}")
    check_same(read_graph(tmp_path / f"graph{suffix}"), sorting(4))


def test_texts_are_written_as_they_are(tmp_path: Path) -> None:
    for suffix, text in ((".dot", to_dot(bcmf(2, 2, 2))), (".graphml", to_graphml(bcmf(2, 2, 2)))):
        write_graph(bcmf(2, 2, 2), tmp_path / f"graph{suffix}")
        assert (tmp_path / f"graph{suffix}").read_text(encoding="utf-8") == text


def test_other_suffixes_are_refused(tmp_path: Path) -> None:
    with pytest.raises(GsdmcError, match="unknown format") as caught:
        write_graph(bcmf(1, 1, 1), tmp_path / "graph.png")
    assert all(suffix in (caught.value.hint or "") for suffix in SUFFIXES)
    with pytest.raises(GsdmcError, match="unknown format") as caught:
        read_graph(tmp_path / "graph.dot")
    assert ".dot" not in (caught.value.hint or "")
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("name", "content", "says"),
    [
        ("graph.json", b"{", "it is no JSON"),
        ("graph.json", b"[" * 100_000, "it is no JSON"),
        ("graph.json", b"3", "not in the format"),
        ("graph.json", b"\xff\xfe", "no text in UTF-8"),
        ("graph.graphml", b"\xff\xfe", "no text in UTF-8"),
        ("graph.graphml", b"{", "can't be read as GraphML"),
    ],
)
def test_damaged_files(name: str, content: bytes, says: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(GsdmcError) as caught:
        read_graph(tmp_path / name)
    assert says in caught.value.message


def test_missing_files(tmp_path: Path) -> None:
    with pytest.raises(GsdmcError, match="can't be read"):
        read_graph(tmp_path / "none.json")
