"""The built-in broker that trades on paper: our matcher, fed with quotes, its books in SQL."""
