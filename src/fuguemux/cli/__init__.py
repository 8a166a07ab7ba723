"""Everything that is not on the fast path: help, doctor, offline state tools."""
