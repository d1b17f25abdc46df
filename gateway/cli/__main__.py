"""python -m gateway.cli, which is what the processes of the gateway are started by."""

from gateway.cli import main

main()
