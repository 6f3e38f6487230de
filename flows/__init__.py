"""The conversation: what we say next. Speaks only to models."""
