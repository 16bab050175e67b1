"""The public search: what is published, found by the words that people use, and why it stands where it stands.

    changes ──► search_due ──► projector ──► search_entry, search_words, search_hit ──► searching ──► GET /search

`words`, `compounds`, `entries`, `ranking` and `understanding` are pure; `store` is the only caller of SQL.
"""
