"""The command `fugue`: the thin client, and the offline commands, which the client may not import itself."""

import _signal  # type: ignore[import-not-found]  # what `signal` is made of, which imports much more
import sys

from fuguemux.client import fast

TYPE_CHECKING = False
if TYPE_CHECKING:
    from fuguemux.client.arguments import ClientOptions


def run_offline(options: "ClientOptions") -> int:
    """Import the room `cli` and run one of its commands."""
    from fuguemux.cli.main import main as cli_main

    return cli_main(options)


def main() -> int:
    """Entry point of `scripts/fugue` and of `python -m fuguemux`. On an interrupt it restores the terminal and prints
    nothing.
    """
    try:
        if _signal.getsignal(_signal.SIGINT) == _signal.SIG_DFL:
            _signal.signal(_signal.SIGINT, _signal.default_int_handler)
        return fast.main(run_offline)
    except KeyboardInterrupt:
        return fast.EXIT_INTERRUPTED


if __name__ == "__main__":
    sys.exit(main())
