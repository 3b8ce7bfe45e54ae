(str \a "b")
