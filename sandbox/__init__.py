"""The world on your desk: stand-ins of WhatsApp and Stripe over HTTP, and the page with three phones.

One process serves them all (`python -m sandbox`). It imports nothing of ours: the product runs its
production code unchanged and is only pointed at these addresses.
"""
