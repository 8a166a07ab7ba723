"""fugue: a terminal multiplexer whose sessions survive."""

__version__ = "0.1.0"
