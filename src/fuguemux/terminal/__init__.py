"""Pane bytes to screen: the emulator port, its adapter, and composition of a window."""
