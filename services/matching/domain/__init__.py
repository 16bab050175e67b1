"""What matching decides, and why: pure functions over frozen values, without clock, random, log, await or I/O."""
