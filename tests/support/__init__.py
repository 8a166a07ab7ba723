"""Helpers that the tests share: builders of values, fakes, faults, and running servers and clients."""
