"""Memory and disk of declared resources in bytes, as pure functions: pods and rollouts, Java, PostgreSQL, sinks, volumes."""
