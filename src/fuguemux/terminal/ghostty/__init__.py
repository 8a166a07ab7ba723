"""The adapter to the terminal engine library: it implements the emulator port of `terminal/emulator.py`. The server builds
an emulator here for each pane and knows only the port after that. It may call the C library, and nobody else may.
"""
