"""Facts about a running stack at one moment, for people on one screen and for Prometheus."""
