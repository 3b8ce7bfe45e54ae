(let [m {:a 1}] (:a m))
