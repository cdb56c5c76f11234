"""The project's one command line: ``python -m pipeline --help`` lists the commands. Each is declared here and done elsewhere."""
