"""HTTP in, a file per thing: thin handlers, each with its description, and `routes()` that lists them."""
