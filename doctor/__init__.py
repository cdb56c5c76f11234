"""Whether ``up`` of a stack would succeed, asked before it is tried.

Every check is a probe, which looks, and a pure function that judges what was seen.
"""
