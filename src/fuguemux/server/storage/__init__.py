"""The threads and tasks that keep the state on disk while the server serves: the flusher, the server's log, checkpoints,
closed sessions and the scrubber. `main.py` starts them; the committer writes through them.
"""
