"""What a reviewer needs of a preview, as one comment: what is lost, what memory it takes, what the policies say, what else changes."""
