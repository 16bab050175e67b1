"""The compiled engine: an index of who may pass, and kernels that judge and measure those as `domain/reference.py` does."""
