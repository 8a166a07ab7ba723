"""fugue's own commands that need no server: help, version, completions, doctor, config, state, service."""

import os
import sys
from collections.abc import Sequence

from fuguemux import __version__
from fuguemux.cli.exit_codes import EXIT_FAILURE, EXIT_OK, EXIT_USAGE
from fuguemux.client import fast
from fuguemux.client.arguments import ClientOptions
from fuguemux.client.conversation import complain


def main(options: ClientOptions) -> int:
    """Carry out `options.argv` and return the exit code. Prints. If the reader of stdout goes away, ends without an error
    message.
    """
    word, *rest = options.argv
    if sys.stdout is None:  # the caller closed it, and the client has opened /dev/null there
        sys.stdout = open(1, "w")  # noqa: SIM115  # for as long as the process lives
    if sys.stderr is None:
        sys.stderr = open(2, "w")  # noqa: SIM115  # the same
    try:
        code = _run(word, rest, options)
        sys.stdout.flush()
    except BrokenPipeError:
        fast.silence_stdout()
        return EXIT_FAILURE
    except OSError as error:
        fast.silence_stdout()
        named = f": {error.filename}" if error.filename else ""
        complain(f"{options.program} {word}{named}: {error.strerror or error}")
        return EXIT_FAILURE
    except SystemExit as refused:  # argparse has printed why
        return refused.code if isinstance(refused.code, int) else EXIT_USAGE
    return code


def _run(word: str, rest: Sequence[str], options: ClientOptions) -> int:
    """Each command is imported when it is needed, since none needs another one."""
    if word == "version":
        print(f"fugue {__version__}")
        return EXIT_OK
    if word == "doctor":
        from fuguemux.cli import doctor
        from fuguemux.cli.finding import Host

        places, config = options.places, options.config or None
        host = Host(os.environ, os.geteuid(), name=places.name, socket=places.socket, config=config)
        return doctor.main(rest, host)
    if word == "config":
        from fuguemux.cli import config_commands

        return config_commands.main(
            rest, lambda words: _ask(words, options), options.config or None
        )
    if word == "service":
        from fuguemux.cli import service

        return service.main(rest)
    if word == "import":
        from fuguemux.cli import import_file

        return import_file.main(rest)
    if word == "shim":
        from fuguemux.cli import shim

        return shim.main(rest)
    if word == "state":
        from fuguemux.cli import state_commands

        return state_commands.main(rest, options, lambda words: _ask(words, options))
    if word == "completions":
        from fuguemux.cli import completions

        return completions.main(rest)
    from fuguemux.cli import manual

    return manual.main(rest)


def _ask(words: Sequence[str], options: ClientOptions) -> int:
    """Send a command to the server, print its answer, and return its exit code. Restoring a session starts a server."""
    asked = ClientOptions(options.program, options.environment)
    asked.places, asked.config = options.places, options.config
    asked.flags = {*options.flags} if words[0] == "restore-session" else {*options.flags, "N"}
    asked.argv = list(words)
    return fast.carry_out(asked)
