"""Puts the parts of a server together: each function builds some parts and returns them by name.

Only these modules and main.py know many parts at once. A part is handed what it needs, and no more.
"""
