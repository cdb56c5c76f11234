"""Specification of the scheduled audit: its namespace and budget, network policies, logins and job."""
