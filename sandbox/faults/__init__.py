"""Injected faults under load: what strikes the sandbox, what is written meanwhile, and what the archive says about it afterwards."""
