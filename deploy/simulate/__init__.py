"""The sample, and the market that never was: a seeded generator of offers, vacancies and needs, and what drives the ways in with it."""
