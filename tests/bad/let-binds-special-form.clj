(let [loop 3] loop)
