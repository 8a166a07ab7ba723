"""Everything that needs no running server: help, the manual page, completions, doctor, configuration, and tools for the
state directory. The client calls it. It may read the state directory and print.
"""
