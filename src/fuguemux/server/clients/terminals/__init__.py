"""The terminals of attached clients: what each of them can do, what it answers, and what it is asked. Connections and
viewers call here; what the answers mean is decided in the room `terminal/outside`.
"""
