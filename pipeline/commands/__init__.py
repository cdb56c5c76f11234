"""The commands: arguments, options, help and exit codes; what they do is in the package of the same name."""
