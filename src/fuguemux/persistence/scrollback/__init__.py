"""Scrollback on disk: compressed blocks in packs, their index, searching, and the record of blocks that were lost.
Checkpoints write it, panes read it. It touches files through `storage/`.
"""
