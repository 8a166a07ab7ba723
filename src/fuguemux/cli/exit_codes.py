"""The exit codes of fugue's own commands."""

EXIT_OK = 0
EXIT_FAILURE = 1
"""Something went wrong, or what was checked is wrong."""
EXIT_USAGE = 2
"""The words make no sense; argparse uses it, too."""
