"""The ground: namespace, budget, storage classes, network policies."""
