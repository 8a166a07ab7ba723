"""Tests of fugue."""
