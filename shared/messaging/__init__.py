"""What every service does with the log in the same way: envelope, consuming, producing, outbox, topics, and raw reading."""
