"""What the benchmarks of attention share: masks, peers, the check that comes before a figure, clocks."""
