"""Settings for all tests. Hypothesis tries the same examples every time, so that a failure always has a reason in the
code.

`FUGUE_HYPOTHESIS=search` searches for new examples. The base directory of the tests is created before any test
changes the umask.
"""

import gc
import os

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile("search", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("FUGUE_HYPOTHESIS", "steady"))


@pytest.fixture(scope="session", autouse=True)
def base_of_all(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Made by the first test that wants it: under a umask of 0777, nobody but root could enter it afterwards."""
    tmp_path_factory.getbasetemp()


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what was imported and collected: no test throws it away.

    Tests that collect do so in milliseconds then, and a forked process shares these pages instead of copying them.
    """
    gc.collect()
    gc.freeze()
