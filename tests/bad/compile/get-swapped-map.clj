(let [m {:mean 0}] (sample "x" (normal (get :mean m) 1)))
