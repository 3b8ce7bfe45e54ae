(* 2 nil)
