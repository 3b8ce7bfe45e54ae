from __future__ import annotations

from gsdmc.diffusion.defaults import default_process
from gsdmc.language.kinds import BOOLEAN, COUNT, REAL, category


def test_times_are_log_normal_where_there_are_reals_alone() -> None:
    for kinds in ([REAL], [REAL, COUNT]):
        config = default_process(kinds)
        assert (config.schedule, config.times, config.prediction) == ("edm", "lognormal", "v")


def test_masked_values_get_the_whole_clock() -> None:
    for kinds in ([BOOLEAN], [REAL, category(3)]):
        config = default_process(kinds)
        assert (config.schedule, config.times, config.prediction) == ("cosine", "uniform", "v")
