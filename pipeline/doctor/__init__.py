"""Checks before deployment: would ``up`` of a stack succeed?

Every check consists of a probe, which reads a fact, and a pure function, which judges it.
"""
