"""A separate program that is parent of the panes and holds their PTY masters."""
