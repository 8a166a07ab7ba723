"""What is: pure values. Standard library and msgspec only; no clock, randomness, files or asyncio."""
