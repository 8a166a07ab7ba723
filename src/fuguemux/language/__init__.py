"""The command language: words, quoting, blocks, aliases, and the names of keys. Commands, options and the server call it
to read and to write command lines. It knows no command and no option, and it touches nothing but its arguments.
"""
