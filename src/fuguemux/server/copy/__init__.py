"""Copy mode and the views of a pane's history: the document, motions, search and selection. Requests and viewers call it.
It reads panes and scrollback and changes neither.
"""
