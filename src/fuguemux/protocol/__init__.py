"""The connection between client and server, without sockets: framing, greeting and messages, as bytes and values. Both
sides call it. It uses no event loop.
"""
