"""What people see: the page, its fragments, the JSON API and the command line."""
