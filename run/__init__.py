"""Start everything and stop everything: the Procfile's processes, embedded stores, the sandbox.

It imports nothing of the product. `python -m run` is the command; `Stores` and `Stack` are it as a library.
"""
