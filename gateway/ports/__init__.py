"""The world as the stages see it: small protocols, implemented in edges/, chosen in app/, doubled by small classes in tests.

Three of them need a world each: the pipeline (world.py), the keeper (keeping.py) and the portal (visits.py).
"""
