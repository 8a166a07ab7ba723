"""Damage to every kind of file of the state directory, and an oracle: see `run.py`."""
