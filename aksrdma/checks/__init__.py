"""What aksrdma looks for: a package a layer, a module a theme; `base` says what a check is, `registry` finds them."""
