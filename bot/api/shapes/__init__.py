"""The shapes of what is asked and answered, as document 004 has them; amounts are decimal strings with a currency.

Strict: what does not fit is refused, with where and why. A file for each topic.
"""
