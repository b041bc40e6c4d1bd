"""The page on which operations load a file: dropped, recognised, its first rows shown, loaded, its rejects shown.

entrance   the way in, and whose requests are the page's
storage    uploaded files, until they are loaded
preview    what a file is, and how its first rows will be read
job        a load that runs
routes     what the page asks for
page/      what the browser gets
"""
