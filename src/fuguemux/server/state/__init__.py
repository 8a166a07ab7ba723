"""Where the state directory is and whether it is ours: taken by another, moved, settling elsewhere, safe mode. The start
and the state watch call it. It touches files through `persistence/storage/`.
"""
