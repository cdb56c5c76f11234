"""What the real software knows and what it does with it: keys, types, removed names, and combinations that lose rows without a word."""
