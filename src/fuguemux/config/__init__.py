"""Every option once, loading, changes and paths."""
