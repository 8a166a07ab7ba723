"""The daemon: asyncio lives here."""
