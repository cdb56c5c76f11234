"""A database that was there before the pipeline: what is missing in it, and the model of its tables."""
