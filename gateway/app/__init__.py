"""The composition root: which edge serves which port, and what each command does. Nothing else names an edge."""

from gateway.app.cases import ask, list_holds, show_hold
from gateway.app.doctor import doctor
from gateway.app.serving import serve
from gateway.app.studio import check_pack, explain, test_pack

__all__ = ["ask", "check_pack", "doctor", "explain", "list_holds", "serve", "show_hold", "test_pack"]
