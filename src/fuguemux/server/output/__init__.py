"""The path of output from a PTY through the landing zone and the log to the pane's terminal: reading, feeding,
floods, and output that could not be logged. The event loop calls this room when a PTY is readable. The room owns
the readers of the PTY masters.
"""
