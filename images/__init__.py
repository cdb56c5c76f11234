"""Contents of the container images: requested in contents.toml, pinned in contents.lock, fetched and verified on the host."""
