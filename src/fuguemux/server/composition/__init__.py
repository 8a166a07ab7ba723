"""Builds the parts of a server: each function builds some parts and returns them by name.

Only these modules and main.py know many parts at once. Each part gets what it needs, and no more.
"""
