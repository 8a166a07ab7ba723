"""fugue: a terminal multiplexer whose sessions survive."""

__version__ = "0.1.0"
TMUX_VERSION = "3.3a"
"""The version of tmux whose behaviour fugue follows."""
