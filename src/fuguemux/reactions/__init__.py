"""What the world tells: one file per fact; each a pure decision."""
