"""fugue's own commands that need no server: help, version, completions, doctor, config, state, service."""

import sys

from fuguemux import __version__
from fuguemux.client.arguments import Options


def main(options: Options) -> int:
    """Carry out `options.argv`; return the exit code."""
    if options.argv[0] == "version":
        print(f"fugue {__version__}")
        return 0
    print(f"fugue: {options.argv[0]}: not available", file=sys.stderr)
    return 1
