"""Pages of a browser: the boards, and the upload of files."""
