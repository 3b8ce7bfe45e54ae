	(let [größe 1	変数 2] (+ 変数 größee))
