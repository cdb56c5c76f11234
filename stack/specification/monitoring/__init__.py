"""Specification of the monitoring: its namespace and budget, network policies, configuration files and pods."""
