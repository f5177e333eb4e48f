"""GET /metrics: what the API knows already, for Prometheus."""
