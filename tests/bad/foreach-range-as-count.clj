(foreach (range 3) [i] (sample "y" (normal i 1)))
