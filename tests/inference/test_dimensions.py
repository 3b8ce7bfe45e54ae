from __future__ import annotations

from gsdmc.inference.dimensions import dimension_names, dimensions
from gsdmc.language.kinds import vector
from tests.graph.samples import Builder


def test_a_plate_that_an_array_spans_twice_has_two_names() -> None:
    assert dimension_names(("i", "j", "i", "i")) == ("i", "j", "i#2", "i#3")


def test_channels_come_last_under_a_name_that_has_one_size() -> None:
    b = Builder()
    b.plate("i", 4)
    b.plate("channel", 2)
    b.array("x", "i", "multivariate-normal", vector(3))
    b.array("y", "channel i", "normal")
    b.array("z", "i i", "dirichlet", vector(5, "simplex"))
    b.array("w", "", "dirac", vector(3))
    assert dimensions(b.build()) == {
        "x": ("sample", "i", "channel_2"),
        "y": ("sample", "channel", "i"),
        "z": ("sample", "i", "i#2", "channel_3"),
        "w": ("sample", "channel_2"),
    }


def test_a_plate_that_is_called_like_the_samples_gets_a_name_of_its_own() -> None:
    b = Builder()
    b.plate("sample", 4)
    b.array("x", "sample", "normal")
    assert dimensions(b.build()) == {"x": ("sample", "sample#2")}
    assert dimensions(b.build(), ()) == {"x": ("sample",)}
