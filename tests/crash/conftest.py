"""The fixture with a real fugue for each test, whose processes the test may kill."""

from tests.integration.conftest import fugue

__all__ = ["fugue"]
