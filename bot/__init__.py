"""The door: everything that arrives over HTTP is checked, kept, rung for, and answered."""
