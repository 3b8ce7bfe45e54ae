; The hidden Markov model of Simformer (Gloeckler et al. 2024): a Gaussian walk that is seen
; through its squares, with noise. Any variables may be given.
(def ^{:in [2 20]} n 10)

(defn state [t theta]
  (conj theta (sample "theta" (normal (get theta (- t 1) 0) 0.5))))

(let [theta (loop n [] state)]
  (foreach n [i (range n)]
    (sample "x" (normal (square (get theta i)) 0.5))))
