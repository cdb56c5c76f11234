"""Judgement of a stack: whether its settings, taken together, can work. Pure; gives problems, never raises for one."""
