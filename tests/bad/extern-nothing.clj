(extern)
