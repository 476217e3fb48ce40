"""The page as HTML: figures, their charts, and the what-if form."""
