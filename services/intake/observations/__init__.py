"""Observations: what those who asked for a place found, and how true an offer's postings were."""
