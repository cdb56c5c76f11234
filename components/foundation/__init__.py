"""Foundation layer: namespace, memory quota, storage classes and network policies."""
