"""What a person sees: the inbox page, its cards, and the mails."""
