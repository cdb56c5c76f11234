"""Judgement of a stack: rules for all settings together and for the rendered configurations. Pure; each rule returns its problems."""
