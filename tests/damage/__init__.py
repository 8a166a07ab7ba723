"""Damages every kind of file of the state directory, and judges what the server makes of it: see `run.py`."""
