"""The layers of the pipeline as components, each with the pure modules that render what it declares."""
