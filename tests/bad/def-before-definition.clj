(def area (* width height))
(def width 3)
(def height 4)
area
