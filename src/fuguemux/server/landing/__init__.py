"""The landing zone: the shared file into which output is read before it is logged, and its format
(docs/formats/landing.md). Output reads into it; a start empties it. It touches that one file.
"""
