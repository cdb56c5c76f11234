"""Scheduled audit: its namespace, logins and job."""
