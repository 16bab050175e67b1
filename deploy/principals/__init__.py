"""Who may do what in Kafka: declared in deploy/access.yaml, put into the brokers, rendered for a cluster."""
