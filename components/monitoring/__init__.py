"""Component of the monitoring: Prometheus, Alertmanager and the exporters."""
