"""Turns the bytes of a pane into a screen: the emulator port, styles, keys, and the composition of a window from its
panes. The server calls it. It uses no file, no socket and no event loop.
"""
