"""Dashboards for Grafana, generated from a stack's settings and specification."""
