"""The children that read untrusted documents, and the zygote they are forked from. A program of its own: nothing imports this package.

The gateway says on the control socket which child to fork or kill, hearing of births and deaths in return. On a child's own socket it hands
over a read-only descriptor with the places of the parts in it, hearing what was found. Each child locks itself before it reads anything.
"""
