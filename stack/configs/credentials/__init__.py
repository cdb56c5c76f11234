"""The one detector of credentials: by name, by form, by place in a text; used by settings, policies, providers and the review."""
