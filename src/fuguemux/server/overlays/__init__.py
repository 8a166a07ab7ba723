"""What lies over one client's screen or in place of its status line: prompts with their history and completion, menus,
popups, the numbers of panes. Requests and viewers call this room. Nothing here knows a socket: an overlay gets keys, and
says what to draw and which command to run.
"""
