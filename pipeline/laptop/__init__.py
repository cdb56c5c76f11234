"""The laptop's cluster: Kind, three nodes in containers, the pipeline's ports on 127.0.0.1."""
