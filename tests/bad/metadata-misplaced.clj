(let [^{:in [1 10]} k 3] k)
