(Math/sqrt 2)
