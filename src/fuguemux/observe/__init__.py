"""Diagnostics, metrics, failpoints and the clock."""
