; An unknown image of 9 x 9, a given filter of 3 x 3 that moves by 2, and 16 noisy measurements.
(def stride 2)

(defn patch [image filter i j]
  (sum (foreach (count filter) [p (range (count filter))]
         (sum (foreach (count (first filter)) [q (range (count (first filter)))]
                (* (get-in filter [p q])
                   (get-in image [(+ (* i stride) p) (+ (* j stride) q)])))))))

(defn steps [image filter]
  (inc (quot (- (count image) (count filter)) stride)))

(let [image (foreach 9 [x (range 9)]
              (foreach 9 [y (range 9)]
                (sample "image" (normal 0 1))))
      filter (foreach 3 [p (range 3)]
               (foreach 3 [q (range 3)]
                 (observe "filter" (normal 0 1) 1)))
      size (steps image filter)]
  (foreach size [i (range size)]
    (foreach size [j (range size)]
      (observe "measured" (normal (patch image filter i j) 1) 0))))
