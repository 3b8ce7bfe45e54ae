(let [x (foreach 3 [i (range 3)] (sample "x" (normal 0 1)))]
  (let [z (sample "z" (categorical [0.1 0.2 0.3 0.4]))]
    (sample "y" (normal (get x z) 1))))
