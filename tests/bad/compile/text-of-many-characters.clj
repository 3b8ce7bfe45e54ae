(sample (loop 20 "abcdefghij" (fn [t text] (str text text))) (normal 0 1))
