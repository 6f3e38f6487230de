"""How fast the product is, and what it costs: `make bench`, or `python -m bench`."""
