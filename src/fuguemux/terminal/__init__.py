"""From the bytes of a pane to a screen: the emulator port, styles, keys, and the composition of a window from its panes.
The server calls it. It knows no file, no socket and no event loop.
"""
