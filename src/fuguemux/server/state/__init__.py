"""Where the state directory is, and whether it belongs to this server: taken by another one, moved, settling elsewhere,
safe mode. The start and the state watch call it. It touches files through `persistence/storage/`.
"""
