"""The storage seam to the file system: reading, writing, replacing, syncing and setting aside files, the lock of the
state directory, and the encoding of values.

The rooms of `persistence/` call it, and it is the only one of them that opens files. Tests replace the disk by a
simulated one.
"""
