"""A keeper is started whichever version of it is on disk."""

import sys
from pathlib import Path

from fuguemux.keeper.launch import keeper_argv
from fuguemux.server.processes.keeper_start import for_an_earlier_version, start_keeper

EARLIER = """
import sys
words = sys.argv[1:]
if {"--lock", "--fallback", "--private"} & set(words[: words.index("--")]):
    sys.stderr.write("keeper: unknown option --lock\\n")
    sys.exit(2)
open(sys.argv[0] + ".began", "w").write("\\n".join(words))
"""


def test_only_the_new_options_are_left_out() -> None:
    server = ("python", "--private", "-L", "x")
    new = keeper_argv(
        "/s", server_argv=server, lock_path="/l", fallbacks=("/f", "/g"), private=True, adopt=True
    )
    old = keeper_argv("/s", server_argv=server, adopt=True)
    assert for_an_earlier_version(new) == old
    assert for_an_earlier_version(old) == old


async def test_a_keeper_of_an_earlier_version_is_asked_in_its_words(tmp_path: Path) -> None:
    program = tmp_path / "keeper.py"
    program.write_text(EARLIER)
    options = ("--socket", "/s", "--lock", "/l", "--fallback", "/f", "--private", "--", "server")
    await start_keeper((sys.executable, str(program), *options))
    began = (tmp_path / "keeper.py.began").read_text().split("\n")
    assert began == ["--socket", "/s", "--", "server"]
