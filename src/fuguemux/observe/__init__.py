"""What the server says about itself: diagnostics, metrics, failpoints, the clock, and who holds the event loop. Every room
but the model and the decisions may call it. It imports no other room.
"""
