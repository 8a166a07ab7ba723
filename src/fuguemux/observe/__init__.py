"""What the server says about itself: diagnostics, metrics, failpoints, the clock, and what holds the event loop. Every
room except the keeper, the model and the decisions may call it. It imports no other room.
"""
