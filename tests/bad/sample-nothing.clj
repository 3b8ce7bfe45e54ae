(sample)
