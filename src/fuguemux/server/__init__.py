"""The daemon: the only room with an asyncio loop and threads. `composition/` puts the parts of the rooms below together,
`main.py` runs them, and `start.py` and `ending.py` are the start and the end. It may use every room but `cli/` and
`client/`.
"""
