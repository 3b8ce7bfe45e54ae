"""Compiled problems as files: round trips, equal bytes, and files that are none."""

from __future__ import annotations

import contextlib
import json
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gsdmc.compiler import bundled, compile_problem, compile_text, read_problem, write_problem
from gsdmc.compiler.archive import DATA, META, PROGRAM
from gsdmc.language.source import GsdmcError

DATA_PROGRAM = '(def xs [1.0 2.0])\n(def n 2)\n(foreach n [x xs] (sample "y" (normal x 1)))\n'


@pytest.mark.parametrize("name", bundled())
def test_round_trip(name: str, tmp_path: Path) -> None:
    problem = compile_problem(name)
    write_problem(problem, tmp_path / "p.gsdm")
    back = read_problem(tmp_path / "p.gsdm")
    assert (back.name, back.source, back.sizes) == (problem.name, problem.source, problem.sizes)
    assert (back.mask != problem.mask).nnz == 0
    one, other = problem.simulate(4, 0), back.simulate(4, 0)
    assert all(torch.equal(one[n], other[n]) for n in one)


def test_sizes_and_data_are_kept(tmp_path: Path) -> None:
    problem = compile_text(DATA_PROGRAM, "data.clj", {"xs": np.array([5.0, 6.0, 7.0]), "n": 3})
    write_problem(problem, tmp_path / "d.gsdm")
    back = compile_problem(tmp_path / "d.gsdm")
    assert back.sizes == {"n": 3}
    assert np.array_equal(back.overrides["xs"], [5.0, 6.0, 7.0])
    assert compile_problem(tmp_path / "d.gsdm", n=2).graph.nodes == 2


def test_frozen_draws_are_kept_and_drawn_anew_at_other_sizes(tmp_path: Path) -> None:
    problem = compile_problem("boolean", n=3)
    problem.tape.frozen["gates"] = ~problem.tape.frozen["gates"]  # as if another version had drawn them
    write_problem(problem, tmp_path / "b.gsdm")
    back = read_problem(tmp_path / "b.gsdm")
    assert np.array_equal(back.tape.frozen["gates"], problem.tape.frozen["gates"])
    assert back.resized(n=2).tape.frozen["gates"].shape == (3,)
    assert read_problem(tmp_path / "b.gsdm", {"n": 4}).tape.frozen["gates"].shape == (15,)


def test_equal_problems_make_equal_files(tmp_path: Path) -> None:
    for name, order in (("a", ("m", "n")), ("b", ("n", "m"))):
        write_problem(compile_problem("bcmf", **dict.fromkeys(order, 4)), tmp_path / name)
    assert (tmp_path / "a").read_bytes() == (tmp_path / "b").read_bytes()
    assert sorted(p.name for p in tmp_path.iterdir()) == ["a", "b"]  # nothing temporary stays


def test_a_folder_that_is_not_there(tmp_path: Path) -> None:
    with pytest.raises(GsdmcError, match="can't be written"):
        write_problem(compile_problem("bcmf"), tmp_path / "none" / "p.gsdm")
    with pytest.raises(GsdmcError, match="no file"):
        read_problem(tmp_path / "none.gsdm")


def parts(path: Path) -> dict[str, bytes]:
    with zipfile.ZipFile(path) as archive:
        return {name: archive.read(name) for name in archive.namelist()}


def changed(path: Path, **changes: bytes | None) -> Path:
    """A copy of an archive with parts replaced, or left out for None."""
    content = parts(path) | {k.replace("_", "."): v for k, v in changes.items()}  # type: ignore[operator]
    out = path.with_name("changed.gsdm")
    with zipfile.ZipFile(out, "w") as archive:
        for name, part in content.items():
            if part is not None:
                archive.writestr(name, part)
    return out


@pytest.fixture
def written(tmp_path: Path) -> Path:
    write_problem(compile_problem("boolean", n=2), tmp_path / "p.gsdm")
    return tmp_path / "p.gsdm"


META_CHANGES = [
    b"", b"[]", b"{}", b"null", b'"text"', b"\xff\xfe", b"[" * 100_000,
    b'{"format": 1, "name": "x", "source": "x", "sizes": [], "frozen": []}',
    b'{"format": 1, "name": "x", "source": "x", "sizes": {"n": "2"}, "frozen": []}',
    b'{"format": 1, "name": "x", "source": "x", "sizes": {}, "frozen": ["nothing"]}',
    b'{"format": 1, "name": "x", "source": "x", "sizes": {}, "frozen": 3}',
]  # fmt: skip


@pytest.mark.parametrize("meta", META_CHANGES, ids=range(len(META_CHANGES)))
def test_broken_descriptions_are_refused(written: Path, meta: bytes) -> None:
    with pytest.raises(GsdmcError, match="no compiled problem"):
        read_problem(changed(written, problem_json=meta))


@pytest.mark.parametrize("part", ["program_clj", "problem_json", "data_safetensors"])
def test_missing_parts_are_refused(written: Path, part: str) -> None:
    with pytest.raises(GsdmcError, match="no compiled problem"):
        read_problem(changed(written, **{part: None}))


def test_broken_programs_and_data_are_refused(written: Path) -> None:
    with pytest.raises(GsdmcError, match="no compiled problem"):
        read_problem(changed(written, data_safetensors=b"\xff" * 64))
    with pytest.raises(GsdmcError, match="no compiled problem"):
        read_problem(changed(written, program_clj=b"\xff\xfe"))
    with pytest.raises(GsdmcError, match="never closed"):
        read_problem(changed(written, program_clj=b"(let ["))
    with pytest.raises(GsdmcError, match='samples no "z"'):
        read_problem(changed(written, program_clj=parts(written)[PROGRAM] + b'\n(given "z")'))


def test_other_formats_and_unknown_sizes_are_refused(written: Path) -> None:
    meta = json.loads(parts(written)[META])
    with pytest.raises(GsdmcError, match="has format 3"):
        read_problem(changed(written, problem_json=json.dumps(meta | {"format": 3}).encode()))
    with pytest.raises(GsdmcError, match="no def `q`"):
        read_problem(changed(written, problem_json=json.dumps(meta | {"sizes": {"q": 1}}).encode()))


def test_parts_that_unpack_too_large_are_refused(written: Path) -> None:
    out = written.with_name("bomb.gsdm")
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts(written).items():
            archive.writestr(name, b" " * (1 << 25) if name == PROGRAM else content)
    assert out.stat().st_size < 1 << 20
    with pytest.raises(GsdmcError, match="more than"):
        read_problem(out)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.data())
def test_damaged_files_are_refused_or_read(written: Path, data: st.DataObject) -> None:
    content = bytearray(written.read_bytes())
    if data.draw(st.booleans()):
        content = content[: data.draw(st.integers(0, len(content) - 1))]
    else:
        content[data.draw(st.integers(0, len(content) - 1))] ^= data.draw(st.integers(1, 255))
    damaged = written.with_name("damaged.gsdm")
    damaged.write_bytes(content)
    with contextlib.suppress(GsdmcError):  # and nothing else may come of it
        read_problem(damaged)


def test_the_parts_are_what_they_say(written: Path) -> None:
    assert set(parts(written)) == {PROGRAM, META, DATA}
