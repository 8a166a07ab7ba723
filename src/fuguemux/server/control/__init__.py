"""Control mode: what a client hears that is a program and has no screen. Notifications, the output of panes with flow
control, and subscriptions. Called by requests, and told of output and of changes by composition; draws nothing.
"""
