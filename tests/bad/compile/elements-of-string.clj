(sample "y" (normal (count "abc") 1))
