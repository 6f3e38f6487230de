"""The pictures of the sample listings, drawn by this program: nobody else's photo, nothing to license."""
