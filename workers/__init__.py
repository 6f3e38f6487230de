"""What happens later: the drains behind the doorbells, and the jobs they run."""
