(untracked 1 2)
