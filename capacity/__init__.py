"""What is declared, in bytes of memory and disk, as pure functions: pods and rollouts, Java, PostgreSQL, sinks, volumes."""
