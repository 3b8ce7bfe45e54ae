; A line through six points, which the loop takes from the front of the list, two numbers at a time.
(defn point [_ points slope offset]
  (let [x (first points)
        y (second points)]
    (observe (normal (+ offset (* slope x)) 0.5) y)
    (rest (rest points))))

(let [slope (sample (normal 0 5))
      offset (sample (normal 0 5))
      points [0.5 1.2 1.5 2.9 2.5 5.1 3.5 7.2 4.5 8.8 5.5 11.1]]
  (loop 6 points point slope offset)
  [slope offset])
