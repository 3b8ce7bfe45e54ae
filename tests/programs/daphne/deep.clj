; Five layers of convolutions, every filter and every feature unknown, the last features measured.
(def side 63)
(def colours 3)
(def maps 6)
(def width 3)

(defn add-product [q acc row weights j stride]
  (+ acc (* (get weights q) (get row (+ (* j stride) q)))))

(defn add-row [p acc image weights i j stride]
  (+ acc (loop (count weights) 0 add-product (get image (+ (* i stride) p)) (get weights p) j stride)))

(defn add-channel [c acc images weights i j stride]
  (+ acc (loop (count (first weights)) 0 add-row (get images c) (get weights c) i j stride)))

(defn convolve [images weights bias stride]
  (let [size (inc (quot (- (count (first images)) width) stride))]
    (foreach size [i (range size)]
      (foreach size [j (range size)]
        (loop (count images) bias add-channel images weights i j stride)))))

(defn layer [name images count-in count-out stride]
  (let [filters (foreach count-out [o (range count-out)]
                  (foreach count-in [c (range count-in)]
                    (foreach width [p (range width)]
                      (foreach width [q (range width)]
                        (sample (str "filter-" name) (normal 0 0.3))))))
        biases (foreach count-out [o (range count-out)]
                 (sample (str "bias-" name) (normal 0 1)))
        size (inc (quot (- (count (first images)) width) stride))]
    (foreach count-out [o (range count-out)]
      (let [features (convolve images (get filters o) (get biases o) stride)]
        (foreach size [x (range size)]
          (foreach size [y (range size)]
            (sample (str "feature-" name) (normal (max 0 (get-in features [x y])) 0.1))))))))

(let [image (foreach colours [c (range colours)]
              (foreach side [x (range side)]
                (foreach side [y (range side)]
                  (sample "image" (normal 0 1)))))
      one (layer 1 image colours maps 2)
      two (layer 2 one maps maps 1)
      three (layer 3 two maps maps 2)
      four (layer 4 three maps maps 1)
      five (layer 5 four maps maps 2)]
  (foreach maps [o (range maps)]
    (foreach (count (first five)) [x (range (count (first five)))]
      (foreach (count (first five)) [y (range (count (first five)))]
        (observe "measured" (normal (get-in five [o x y]) 1) 0)))))
