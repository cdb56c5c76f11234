"""Files for an existing Prometheus and its Alertmanager."""
