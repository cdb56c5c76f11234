"""Reading of a running stack: its outputs, and its archive as a reader sees it."""
