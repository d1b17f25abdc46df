"""Pages for people: the portal for those who get files by link. Server-rendered, and whole without scripts."""
