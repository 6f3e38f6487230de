"""The outside: networks and heavy libraries, each behind one small class. Of ours it knows `models` alone."""
