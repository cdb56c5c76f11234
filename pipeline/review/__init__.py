"""Review of a preview as one comment: data loss, memory, policies, all other changes."""
