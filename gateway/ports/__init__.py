"""The world as the stages see it: small protocols, implemented in edges/, chosen in app/, doubled by small classes in tests.

Three of them need a world each: the pipeline (world.py), the keeper (keeping.py) and the portal (visits.py).
Elsewhere a protocol is called `ports.NAME`, whichever of these files it stands in: each name is there once.
"""
