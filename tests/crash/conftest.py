"""A real fugue per test, to be killed."""

from tests.integration.conftest import fugue

__all__ = ["fugue"]
