"""Opens what lies over the panes of attached clients: menus, numbers of panes, popups, hints about keys. The runner of
effects calls it. It knows the engine and the viewers; how an overlay looks and what its keys mean is in server/overlays.
"""
