"""The nouns: frozen, built once, never changed. Octets are `bytes`; what a person reads is `str`."""
