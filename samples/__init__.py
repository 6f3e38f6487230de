"""Places to try Sarai with: the listings, and the program that draws their pictures."""
