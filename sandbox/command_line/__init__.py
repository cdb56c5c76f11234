"""Commands of the test bed, which `python -m pipeline` lists beside its own."""
