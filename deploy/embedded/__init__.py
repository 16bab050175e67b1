"""Real Kafka and real PostgreSQL on one machine: no Docker, no system Java, no rights beyond the user's own."""
