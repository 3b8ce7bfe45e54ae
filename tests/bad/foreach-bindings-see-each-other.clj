(foreach 3 [i (range 3)
            j (range i)]
  (+ i j))
