; A patient: a Bayesian network of causes, diseases, symptoms and measurements. Booleans, categories and reals;
; any of them may be known, and any asked for. The numbers are invented.
(let [smoker (sample "smoker" (bernoulli 0.3))
      season (sample "season" (categorical [0.5 0.3 0.2]))  ; summer, between, winter
      flu (sample "flu" (bernoulli (get [0.02 0.1 0.3] season)))
      bronchitis (sample "bronchitis" (bernoulli (if smoker 0.25 0.06)))
      pneumonia (sample "pneumonia" (bernoulli (if flu 0.2 (if smoker 0.06 0.02))))
      quiet (* 0.95 (if flu 0.4 1) (if bronchitis 0.2 1) (if pneumonia 0.3 1))
      fever (+ (if flu 1.6 0) (if pneumonia 1.4 0))
      temperature (sample "temperature" (normal (+ 36.8 fever) 0.5))]
  (sample "cough" (bernoulli (- 1 quiet)))
  (sample "breathless" (bernoulli (if pneumonia 0.7 (if bronchitis 0.3 0.05))))
  (sample "xray" (categorical (if pneumonia [0.15 0.7 0.15]  ; clear, patchy, other
                                (if bronchitis [0.6 0.1 0.3] [0.92 0.03 0.05]))))
  (sample "oxygen" (normal (- 97.5 (if pneumonia 5 0) (if bronchitis 2 0)) 1.2))
  (sample "pulse" (normal (+ 72 (* 9 (- temperature 36.8)) (if pneumonia 8 0)) 8)))
