"""What an attached client sees. Its picture is put together here when a frame is due, and what the mouse points at in it is
found here."""
