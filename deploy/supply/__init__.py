"""What we are made of that others wrote: listed (SBOM), and asked about (audit)."""
