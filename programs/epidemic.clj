; A stochastic epidemic in a town, week by week. Transmission drifts: its log rate is a random walk. Shares of
; the people are susceptible and infected, and half of the new infections are reported. Reports may be missing
; in any weeks, weeks to come among them; asked for are the course of the epidemic and the missing reports.
(def ^{:in [5 30]} weeks 15)
(def people 2000)
(def reported 0.5)

(defn week [t state recovery]
  (let [susceptible (get state 0)
        infected (get state 1)
        log-rate (sample "log-rate" (normal (get state 2) 0.15))
        new (sample "new" (dirac (* susceptible (- 1 (exp (- (* (exp log-rate) infected)))))))
        ill (- infected (* recovery infected))]
    (sample "cases" (poisson (+ 0.1 (* people reported new))))
    [(sample "susceptible" (dirac (- susceptible new)))
     (sample "infected" (dirac (+ ill new)))
     log-rate]))

(let [start (exp (sample "start" (normal -4.5 0.5)))  ; the log share that is infected at first
      recovery (sigmoid (sample "recovery" (normal -0.2 0.4)))
      before (sample "before" (normal 0 0.3))]  ; the log rate of the week before the first
  (loop weeks [(- 1 start) start before] week recovery))

(given (subset "cases"))
