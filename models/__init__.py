"""What is true: tables, and the rules about them. Imports nothing else of ours."""
