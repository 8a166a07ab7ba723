"""The adapter to the terminal engine library: it implements the emulator port of `terminal/emulator.py`. The server
creates an emulator here for each pane and from then on uses only the port. This room alone may call the C library.
"""
