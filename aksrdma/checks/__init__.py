"""What aksrdma looks for: a package a judge; `register` says what a check is and finds them."""
