"""What the tests of several parts need: servers, databases, running services, and waiting with a deadline."""
