"""`ledigplads`: the command line. Data goes to stdout, talk to stderr, and the exit code says how it went."""
