"""What holds for all tests: Hypothesis tries the same examples every time, so that a test is red for a reason or never.

`FUGUE_HYPOTHESIS=search` looks for new ones. Each test begins with the usual umask.
"""

import os

import pytest
from hypothesis import settings

settings.register_profile("steady", derandomize=True, deadline=None, database=None, print_blob=True)
settings.register_profile("search", deadline=None, max_examples=1_000)
settings.load_profile(os.environ.get("FUGUE_HYPOTHESIS", "steady"))


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item: pytest.Item) -> None:
    """Whatever a test before has left: directories that root alone may enter fail tests of other users."""
    os.umask(0o022)
