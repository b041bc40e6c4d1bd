"""Pages of a browser: the boards, and the upload of files. One login (`login`) lets into both."""
