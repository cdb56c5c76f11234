"""Checks of configurations against the software that reads them: keys, types, removed names, and combinations that lose rows silently."""
