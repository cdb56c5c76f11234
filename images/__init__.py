"""What goes into the container images: wanted in contents.toml, pinned in contents.lock, fetched and verified on the host."""
