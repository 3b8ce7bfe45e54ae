(let [x (samp "x" (norm 0 1))] x)
