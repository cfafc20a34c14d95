"""What stands on a page as text: read, compared, written, reported. Nothing here is run."""
