"""The command that shows what a stack declares, its memory, and what the policies say."""
