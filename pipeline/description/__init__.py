"""Description of a running stack for commands and pods that read it: what it is, where its parts are, and how they are logged in to."""
