"""Parses commands with verbs (`fugue state …`, `fugue config …`, `fugue service …`)."""

import argparse
from collections.abc import Sequence


class VerbParser:
    """A parser of arguments with verbs, like argparse's. After too many words it prints the usage of the verb."""

    def __init__(self, program: str, description: str, verbs: str) -> None:
        self.common = argparse.ArgumentParser(program, description=description)
        """For flags before the verb."""
        self.verbs = self.common.add_subparsers(dest="verb", metavar=verbs)

    def add(self, verb: str, explanation: str) -> argparse.ArgumentParser:
        """Declare a verb. Returns the parser on which its flags are declared."""
        return self.verbs.add_parser(verb, help=explanation)

    def parse(self, argv: Sequence[str]) -> argparse.Namespace:
        """Return the arguments, with the verb as `verb`. Raises SystemExit(2) for bad usage, which was printed.

        Without a verb it prints the command's help, and raises SystemExit(0).
        """
        arguments, rest = self.common.parse_known_args(list(argv))
        if arguments.verb is None and not rest:
            self.common.print_help()
            raise SystemExit(0)
        if rest:
            asked = self.verbs.choices.get(arguments.verb, self.common)
            asked.error(f"unrecognized arguments: {' '.join(rest)}")
        return arguments
