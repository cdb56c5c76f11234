"""Pulumi components, one per layer; each declares the resources of its layer's specification."""
