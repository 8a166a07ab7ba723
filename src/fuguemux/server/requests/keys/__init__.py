"""The keys and the mouse of attached clients: looked up in the key tables, given to a mode, a prompt or the program in a pane."""
