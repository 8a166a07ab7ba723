"""Runs Python code with few resources: real limits, as a separate user if the test runs as root, for whom limits do
not apply."""

import os
import subprocess
import sys
from typing import Final

import pytest

STRANGER: Final = 61_000 + os.getpid() % 1_000
"""A user to whom nothing else on the machine belongs."""

# Other users may not be able to read the interpreter. It starts and imports what it needs before it becomes this
# user.
_SCRIPT = """
import ctypes, os, resource, sys
source = open(0, closefd=False).read()
sys.path[:0] = sys.argv[2].split(os.pathsep)
code = compile(source, "<poor>", "exec")
exec(sys.argv[3])
if os.geteuid() == 0:
    os.setgid(int(sys.argv[1])); os.setgroups([]); os.setuid(int(sys.argv[1]))
    ctypes.CDLL(None).prctl(4, 1, 0, 0, 0)  # PR_SET_DUMPABLE: what may be known of a process that was always this user's
exec(code)
"""


def run_poor(source: str, *, imports: str = "") -> str:
    """The output of `source`. `imports` runs before it, while every file can still be read. No other process counts
    for the limits."""
    if os.geteuid() != 0:
        pytest.skip("only root can become a user of whom no other process runs")
    done = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(STRANGER), os.pathsep.join(sys.path), imports],
        input=source,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
        cwd="/",
    )
    assert done.returncode == 0, done.stderr
    return done.stdout
