"""The figures of Weilbach et al. 2022, run again; `benchmarks/reproduce.py` is the command."""
