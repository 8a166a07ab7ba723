"""The exit codes of fugue's own commands."""

EXIT_OK = 0
EXIT_FAILURE = 1
"""Something failed, or what was checked is wrong."""
EXIT_USAGE = 2
"""The arguments make no sense; argparse uses this code, too."""
