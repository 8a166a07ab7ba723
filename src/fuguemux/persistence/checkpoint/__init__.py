"""Checkpoints: a manifest and the packs that it names; saves, which a user keeps under a name; and how long both are
kept. The checkpointer of the server calls it step by step, on any thread. It touches files through `storage/`.
"""
