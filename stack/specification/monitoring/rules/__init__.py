"""Alert and recording rules of Prometheus, one module for each part of the pipeline."""
