(let [:x 1] (sample "y" (normal x 1)))
