(let [i 3] (% i 2))
