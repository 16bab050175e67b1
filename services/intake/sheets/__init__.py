"""Sheets: offers, vacancies and needs as rows of CSV, .xlsx or JSON lines, up and down.

`columns` says which columns there are, `cells` how a cell is read and written, `layout` how a sheet's headings and rows become drafts;
`files` gives the rows of a file, `uploading` takes them by the same path as every other way in, `downloading` and `templates` make
sheets.
"""
