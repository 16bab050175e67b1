"""The contracts as documents: JSON Schemas, AsyncAPI, OpenAPI and a page per event, made from what the code declares."""
