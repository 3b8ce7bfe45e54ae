from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from gsdmc.inference.formats.optional import optional
from gsdmc.language.source import GsdmcError


def test_a_package_that_is_there_is_imported() -> None:
    assert optional("json", "nothing") is json


def test_a_package_that_is_missing_is_an_error_with_the_extra() -> None:
    with pytest.raises(GsdmcError, match="needs the package no_such_package_of_ours") as caught:
        optional("no_such_package_of_ours", "arviz")
    assert caught.value.hint == "install it: pip install 'gsdmc[arviz]'"


def test_a_package_that_lacks_another_says_which(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "broken_of_ours.py").write_text("import no_such_package_of_ours\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "broken_of_ours", raising=False)
    with pytest.raises(ModuleNotFoundError, match="no_such_package_of_ours"):
        optional("broken_of_ours", "arviz")
