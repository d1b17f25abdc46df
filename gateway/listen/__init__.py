"""Octets to Arrival: the SMTP and LMTP listener.

In: a bound socket and its settings. Out: an Arrival for each message, handed to `deliver`; the replies it answers go back to the client.
Hostile input is normal: whatever is not in the grammar is refused, whatever a next hop could misread is mended or refused, nothing large is
held in memory. Not here: what the message is (parse), who may write to whom (decide), AUTH.
"""

from gateway.listen.server import listen as listen

__all__ = ["listen"]
