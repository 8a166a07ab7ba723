"""What commands share about floating panes: where they are put, their start, the mouse, and the way to the layout and back."""
