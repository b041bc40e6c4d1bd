"""The consolidated report: what stands in it, and how it is written as a page, a workbook and a letter."""
