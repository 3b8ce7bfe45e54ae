; A hidden Markov chain with three states: sixteen steps, each of them measured.
(defn step [t states measured moves emissions]
  (let [state (sample (get moves (last states)))]
    (observe (get emissions state) (get measured t))
    (append states state)))

(let [measured [1.1 0.7 0.9 0.1 -0.2 -4.0 -1.9 0.2 0.1 -0.3 0.5 5.5 0.4 0.2 -0.8 -1.2]
      moves [(discrete [0.2 0.5 0.3])
             (discrete [0.1 0.3 0.6])
             (discrete [0.3 0.1 0.6])]
      emissions [(normal -1 1) (normal 1 1) (normal 0 1)]
      start [(sample (discrete [0.3 0.3 0.4]))]]
  (loop 16 start step measured moves emissions))
