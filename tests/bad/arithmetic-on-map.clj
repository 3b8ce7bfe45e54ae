(sqrt {:a 4})
