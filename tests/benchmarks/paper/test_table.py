"""Tables come back from their files, and grow by whole rows."""

from __future__ import annotations

from pathlib import Path

import pytest
from paper.table import Table, read


def test_what_is_written_is_read(tmp_path: Path) -> None:
    table = Table(tmp_path / "deep" / "rows.csv")
    table.add(name="a, b", count=3, share=1 / 3, missing=None, valid=True)
    table.add(name="7", count=4, share=2e-9, missing=None, valid=False)
    found = read(table.path)
    assert found[0] == {"name": "a, b", "count": 3, "share": 0.333333, "missing": None, "valid": True}
    assert found[1]["share"] == 2e-9
    assert [p.name for p in table.path.parent.iterdir()] == ["rows.csv"]


def test_a_run_goes_on(tmp_path: Path) -> None:
    path = tmp_path / "rows.csv"
    Table(path).add(variant="a", n=2, score=0.5)
    table = Table(path, resume=True)
    assert table.has(variant="a", n=2)
    assert not table.has(variant="a", n=3)
    table.add(variant="b", n=2, score=1.0)
    table.drop(variant="a")
    assert [row["variant"] for row in table.rows] == ["b"]
    assert Table(path).rows == []
    with pytest.raises(ValueError, match="columns"):
        table.add(variant="b", score=1.0)
